/** What durable state states of itself, as literal types that a profile is checked against. */
import type { StateCapabilityInfo } from '@flowport/capabilities'
import { durableStateLimits } from './limits.ts'

export const durableStateInfo = {
  provider: 'durable-state',
  consistency: 'strong',
  durability: 'durable',
  limits: durableStateLimits,
  features: { sql: true, alarms: true },
  extensions: { 'com.cloudflare.durable-objects.storage': 'sqlite' },
} as const satisfies StateCapabilityInfo
