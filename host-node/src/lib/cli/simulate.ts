/** `flowport simulate`: runs a flow through seeded schedules of faults, as its simulation file describes. */
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
import { CommandError, type Console, exitCodes } from './console.ts'
import { findFlow } from './graph.ts'
import { loadDefined } from './load-defined.ts'

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
  const simulation = await loadDefined<DefinedSimulation>({
    flow,
    what: 'simulation',
    definition: 'defineSimulation(flow, { input, count })',
    file: options.with,
    cwd: out.host.cwd(),
  })
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
    // The simulation cannot run: a stray timer, a malformed replay text, or a store that it does not simulate.
    if (error instanceof TypeError) throw new CommandError(exitCodes.usage, error.message, { cause: error })
    throw error
  }
}

function classesIn(text: string): readonly FaultClass[] {
  return text.split(',').map((name) => {
    if (isFaultClass(name)) return name
    throw new CommandError(
      exitCodes.usage,
      `there are no faults "${name}"; the classes are: ${faultClasses.join(', ')}`,
    )
  })
}
