/**
 * Plants each bug in a copy of the sources and simulates until it shows. Each bug gets its own copy of every module, patched
 * while it is loaded; no file is changed. Prints one line of JSON for each bug.
 */
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type * as Cases from '../../src/lib/simulation/test/cases.ts'
import { plantedBugs, type PlantedBug } from './planted.ts'

export interface PlantResult {
  readonly name: string
  /** What showed it: an oracle, or a count that must be 0; `null` when nothing did. */
  readonly found: string | null
  readonly seed: number | null
  /** Whether the sources as they are pass with the same seeds. */
  readonly isClean: boolean
}

const root = resolve(import.meta.dirname, '../../..')
const rootUrl = pathToFileURL(`${root}/`).href
/** Marks the modules of one bug's copy. */
const mark = '?planted='

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context)
    const at = context.parentURL?.indexOf(mark) ?? -1
    const isSource = resolved.url.startsWith(rootUrl) && !resolved.url.includes('/node_modules/')
    if (at < 0 || !isSource || resolved.url.includes(mark)) return resolved
    return { ...resolved, url: resolved.url + (context.parentURL ?? '').slice(at) }
  },
  load(url, context, next) {
    const [file = '', index] = url.split(mark)
    if (index === undefined) return next(url, context)
    const bug = plantedBugs[Number(index)]
    const source = readFileSync(fileURLToPath(file), 'utf8')
    const isHere = bug !== undefined && fileURLToPath(file) === join(root, bug.file)
    return {
      format: 'module-typescript',
      shortCircuit: true,
      source: isHere ? source.replace(bug.find, () => bug.replace) : source,
    }
  },
})

for (const [index, bug] of plantedBugs.entries())
  process.stdout.write(`${JSON.stringify(await plant(bug, index))}\n`)

async function plant(bug: PlantedBug, index: number): Promise<PlantResult> {
  const { name, faults, within = 400 } = bug
  const seeds = 50
  for (let firstSeed = 1; firstSeed <= within; firstSeed += seeds) {
    const options = { seeds, firstSeed, faults, shrinkRuns: 0 }
    const found = await findingOf(bug.shows, String(index), options)
    if (found !== null) {
      const isClean = (await findingOf(bug.shows, 'none', options)) === null
      return { name, ...found, isClean }
    }
  }
  return { name, found: null, seed: null, isClean: true }
}

/** What the copy of the sources that is marked with `copy` does wrong in the case; `null` for nothing. */
async function findingOf(
  shows: string,
  copy: string,
  options: Parameters<Cases.SimulationCase['run']>[0],
): Promise<Pick<PlantResult, 'found' | 'seed'> | null> {
  const cases = (await import(`../../src/lib/simulation/test/cases.ts${mark}${copy}`)) as typeof Cases
  const { callerCases, mailCases, orderCases, recordedCases, storeCases, uploadCases, faultsOf } = cases
  const all = [orderCases, callerCases, storeCases, recordedCases, uploadCases, mailCases]
  const simulated = all.flat().find(({ name }) => name === shows)
  if (simulated === undefined) throw new Error(`there is no case "${shows}"`)
  try {
    const [found] = faultsOf(simulated, await simulated.run(options))
    return found === undefined ? null : { found, seed: options.firstSeed ?? null }
  } catch (error) {
    if (!(error instanceof Error && 'failure' in error)) throw error
    const { violation, seed } = error.failure as { violation: string; seed: number }
    return { found: violation, seed }
  }
}
