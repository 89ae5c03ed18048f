/** `defineSimulation` keeps a flow's simulation in a file, for tests and for `flowport simulate`. */
import type { App } from '../app.ts'
import type { Flow } from '../flow.ts'
import type { SimulateOptions } from './options.ts'
import type { SimulationReport } from './report.ts'
import { startSimulation } from './simulate.ts'

/** Options that whoever runs a defined simulation may set anew. */
export type SimulationOverrides = Partial<
  Pick<
    SimulateOptions<never, never>,
    'seeds' | 'firstSeed' | 'faults' | 'unknown' | 'replay' | 'strays' | 'onClass'
  >
>

export interface DefinedSimulation {
  /** Name of the flow. */
  readonly flow: string
  /** Runs it as `simulate` does. With an app, the app's queue flows take messages in every process. */
  run(overrides?: SimulationOverrides & { readonly app?: App }): Promise<SimulationReport>
}

/** Puts a flow and the options of its simulation together. */
export function defineSimulation<I, O, N>(
  flow: Flow<I, O, N>,
  options: SimulateOptions<I, N>,
): DefinedSimulation {
  return {
    flow: flow.name,
    run({ app, ...overrides } = {}) {
      const others = app?.flows.filter(({ name }) => name !== flow.name) ?? []
      return startSimulation(flow, others, { ...options, ...overrides })
    },
  }
}
