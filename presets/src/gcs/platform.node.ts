/** What Node gives Google's presets: key files, and tokens for the service account of a machine in Google's cloud. */
import { readFileSync } from 'node:fs'
import { machineTokens } from './machine-tokens.ts'
import type { GcsMachine } from './machine.ts'

export const platform: GcsMachine | null = {
  readFile: (path) => readFileSync(path, 'utf8'),
  tokens: (clock) => machineTokens(clock),
}
