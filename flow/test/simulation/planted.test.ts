import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import * as modules from 'node:module'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import type { PlantResult } from './plant.ts'
import { plantedBugs, testedElsewhere } from './planted.ts'
import { caughtBeside } from './planted/caught-beside.ts'

const root = resolve(import.meta.dirname, '../../..')

describe('the planted bugs', () => {
  it.each(plantedBugs)('$name: can be planted', ({ file, find }) => {
    expect(readFileSync(join(root, file), 'utf8').split(find)).toHaveLength(2)
  })

  it('are named in the list of bugs that unit tests find, too', () => {
    const names = new Set(plantedBugs.map(({ name }) => name))
    expect(Object.keys(caughtBeside).filter((name) => !names.has(name))).toEqual([])
  })

  it.each(testedElsewhere)('leave to other tests: $rule', ({ tests }) => {
    for (const file of tests) expect(existsSync(join(root, file)), file).toBe(true)
  })

  it('have names of their own', () => {
    expect(new Set(plantedBugs.map(({ name }) => name)).size).toBe(plantedBugs.length)
  })

  it('pass the unit tests beside their file: at least thirty, and at least one for each rule', () => {
    const passing = plantedBugs.filter(({ name }) => !Object.hasOwn(caughtBeside, name))
    expect(passing.length).toBeGreaterThanOrEqual(30)
    const rules = new Set(passing.map(({ rule }) => rule))
    expect(plantedBugs.filter(({ rule }) => !rules.has(rule))).toEqual([])
  })
})

// Node has module hooks that run on the spot since 22.15.
describe.skipIf(!('registerHooks' in modules))('the simulation', () => {
  let results: ReadonlyMap<string, PlantResult>
  beforeAll(async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [join(import.meta.dirname, 'plant.ts')])
    const lines = stdout.trim().split('\n')
    results = new Map(
      lines.map((line) => [(JSON.parse(line) as PlantResult).name, JSON.parse(line) as PlantResult]),
    )
  }, 600_000)

  it.each(plantedBugs)('finds: $name ($rule)', ({ name, oracle }) => {
    const result = results.get(name)
    expect(result?.found).toBeTypeOf('string')
    if (oracle !== undefined) expect(result?.found).toBe(oracle)
    expect(result?.isClean).toBe(true)
  })
})
