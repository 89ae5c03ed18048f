/** What a provider supplies to be a cache. Values are JSON text. */
import type { CacheCapabilityInfo } from '../guarantees/info.ts'
import type { Awaitable, DriverCall } from '../kv/driver.ts'

export interface CacheDriver {
  readonly info: CacheCapabilityInfo
  get(key: string, call: DriverCall): Awaitable<string | null>
  set(key: string, value: string, ttlMs: number, call: DriverCall): Awaitable<void>
  delete(key: string, call: DriverCall): Awaitable<void>
  check?(call: DriverCall): Awaitable<void>
  close?(): Awaitable<void>
}
