/** `@flowport/flow/testing/host`: conformance suites for hosts. Needs vitest. */
export { type HostHarness, hostConformance, type OpenedHost } from './lib/testing/host-conformance.ts'
export { hostApp, hostFlows } from './lib/testing/host/flows.ts'
export {
  inChunks,
  runFormTable,
  type RunFormTableOptions,
  type SendForm,
} from './lib/testing/host/forms/run-table.ts'
