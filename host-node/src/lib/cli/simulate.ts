/** `flowport simulate`: a flow of the app through seeded schedules of faults, as its simulation file describes. */
import type { App } from '@flowport/flow'
import {
  type DefinedSimulation,
  type FaultClass,
  faultClasses,
  formatReport,
  isFaultClass,
  SimulationError,
  type SimulationOverrides,
} from '@flowport/flow/simulation'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CommandError, type Console, exitCodes } from './console.ts'
import { findFlow } from './graph.ts'

export interface SimulateOptions {
  readonly with?: string
  readonly seeds: number
  readonly firstSeed: number
  readonly faults?: string
  readonly unknown?: 'never' | 'again'
  readonly replay?: string
  readonly json?: boolean
}

export async function simulateFlow(
  app: App,
  name: string,
  options: SimulateOptions,
  out: Console,
): Promise<number> {
  const flow = findFlow(app, name).name
  const { json = false, unknown, replay } = options
  const simulation = await loadSimulation(flow, options.with, out.host.cwd())
  const overrides: SimulationOverrides = {
    seeds: options.seeds,
    firstSeed: options.firstSeed,
    ...(options.faults === undefined ? {} : { faults: classesIn(options.faults) }),
    ...(unknown === undefined ? {} : { unknown }),
    ...(replay === undefined ? {} : { replay }),
    onClass: (each, { schedules }) => out.note(`${each}: ${schedules} schedules`),
  }
  try {
    const report = await simulation.run({ app, ...overrides })
    if (json) out.json({ schemaVersion: 1, command: 'simulate', ok: true, ...report })
    else out.result(formatReport(report))
    return exitCodes.ok
  } catch (error) {
    if (error instanceof SimulationError) {
      const { failure } = error
      if (json) out.json({ schemaVersion: 1, command: 'simulate', ok: false, flow, failure })
      else out.result(`${out.paint('red', 'violated')}: ${error.message}`)
      return exitCodes.findings
    }
    // What the simulation cannot run: a stray timer, a replay that is none, a store it does not have.
    if (error instanceof TypeError) throw new CommandError(exitCodes.usage, error.message, { cause: error })
    throw error
  }
}

async function loadSimulation(
  flow: string,
  given: string | undefined,
  cwd: string,
): Promise<DefinedSimulation> {
  const usual = [`simulations/${flow}.ts`, `simulations/${flow}.js`]
  const file = (given === undefined ? usual : [given]).map((each) => resolve(cwd, each)).find(existsSync)
  if (file === undefined) {
    const looked =
      given === undefined
        ? `no simulation of "${flow}" here (looked for ${usual.join(', ')})`
        : `${given} does not exist`
    throw new CommandError(
      exitCodes.cannotLoad,
      `${looked}: write a module with "export default defineSimulation(flow, { input, count })" and give it with --with FILE`,
    )
  }
  let module: Readonly<Record<string, unknown>>
  try {
    module = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>
  } catch (cause) {
    throw new CommandError(exitCodes.cannotLoad, `${file} could not be loaded: ${(cause as Error).message}`, {
      cause,
    })
  }
  const defined = Object.values(module)
    .filter(isDefined)
    .find((each) => each.flow === flow)
  if (defined !== undefined) return defined
  throw new CommandError(
    exitCodes.cannotLoad,
    `${file} exports no simulation of "${flow}": export default defineSimulation(flow, { input, count })`,
  )
}

function isDefined(value: unknown): value is DefinedSimulation {
  return (
    typeof value === 'object' &&
    value !== null &&
    'flow' in value &&
    typeof value.flow === 'string' &&
    'run' in value &&
    typeof value.run === 'function'
  )
}

function classesIn(text: string): readonly FaultClass[] {
  return text.split(',').map((name) => {
    if (isFaultClass(name)) return name
    throw new CommandError(
      exitCodes.usage,
      `there are no faults "${name}"; there are: ${faultClasses.join(', ')}`,
    )
  })
}
