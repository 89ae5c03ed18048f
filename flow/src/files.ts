/** `@flowport/flow/files`: flows written as YAML or JSON. */
export { loadFlow, type LoadFlowOptions } from './lib/files/load.ts'
