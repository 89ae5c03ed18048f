/** What the engine states of itself, shared with its stub on other runtimes. */
import type { PlainCapabilityInfo } from '@flowport/capabilities'

export const duckDbInfo = {
  provider: 'duckdb',
  extensions: {},
} as const satisfies PlainCapabilityInfo
