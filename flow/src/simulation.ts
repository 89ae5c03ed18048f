/** `@flowport/flow/simulation`: run flows through thousands of schedules of faults, on the real runtime and a virtual clock. */
export {
  type DefinedSimulation,
  defineSimulation,
  type SimulationOverrides,
} from './lib/simulation/define.ts'
export { type FaultClass, faultClasses, isFaultClass } from './lib/simulation/faults.ts'
export type { SimulatedInput } from './lib/simulation/http-call.ts'
export type { SimulateOptions, StoresOf } from './lib/simulation/options.ts'
export { type Violation, violations } from './lib/simulation/oracles.ts'
export {
  type ClassReport,
  formatReport,
  SimulationError,
  type SimulationFailure,
  type SimulationReport,
} from './lib/simulation/report.ts'
export { simulate } from './lib/simulation/simulate.ts'
export { createSink, type Sink, type SinkKind, type SinkOptions } from './lib/simulation/sink.ts'
export type { Service } from './lib/simulation/stores.ts'
