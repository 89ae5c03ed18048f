/** Key files and the machine's identity, for Google's presets on Node. Types only. */
import type { Clock } from '@flowport/capabilities'
import type { AccessTokenProvider } from '../object-http/held-token.ts'

export interface GcsMachine {
  /** Reads a key file. Throws what the platform throws. */
  readonly readFile: (path: string) => string
  /** Gets tokens for the service account of the machine, from the metadata server of Google's cloud. */
  readonly tokens: (clock: Pick<Clock, 'now'>) => AccessTokenProvider
}
