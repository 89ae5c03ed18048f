/** What a host supplies for secrets. */
import type { PlainCapabilityInfo } from '../guarantees/info.ts'
import type { Awaitable, DriverCall } from '../kv/driver.ts'

export interface SecretsDriver {
  readonly info: PlainCapabilityInfo
  get(name: string, call: DriverCall): Awaitable<string | null>
}
