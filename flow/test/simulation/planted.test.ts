import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import * as modules from 'node:module'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import type { PlantResult } from './plant.ts'
import { plantedBugs } from './planted.ts'

const root = resolve(import.meta.dirname, '../../..')

describe('the planted bugs', () => {
  it.each(plantedBugs)('$name: can be planted', ({ file, find }) => {
    expect(readFileSync(join(root, file), 'utf8').split(find)).toHaveLength(2)
  })

  it('are at least thirty, each with its own name', () => {
    expect(new Set(plantedBugs.map(({ name }) => name)).size).toBe(plantedBugs.length)
    expect(plantedBugs.length).toBeGreaterThanOrEqual(30)
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

  it.each(plantedBugs)('finds: $name ($rule)', ({ name }) => {
    const result = results.get(name)
    expect(result?.found).toBeTypeOf('string')
    expect(result?.isClean).toBe(true)
  })
})
