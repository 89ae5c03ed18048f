/** What fits the options of this host that are numbers: checked before a profile opens, so that nothing is left open. */
import { checkNumbers, countRule, lifeRule, timerRule } from '@flowport/capabilities'
import type { DeliveryOptions } from './delivery/options.ts'

const plugin = { deadlineMs: lifeRule, drainMs: timerRule() }
const delivery = {
  deadlineMs: lifeRule,
  leaseMarginMs: timerRule(),
  renewedLeaseMs: timerRule(1000),
  idleMs: timerRule(1),
}
const server = { port: countRule(0, 65_535), shutdownDelayMs: timerRule(), maxConnections: countRule() }

/** `Misconfigured` for the first number that does not fit. */
export function checkPluginNumbers(options: {
  readonly deadlineMs?: number
  readonly drainMs?: number
  readonly consume?: boolean | DeliveryOptions
}): void {
  checkNumbers('flowport', { ...options }, plugin)
  if (typeof options.consume === 'object') checkDeliveryNumbers(options.consume)
}

export function checkDeliveryNumbers(options: DeliveryOptions): void {
  checkNumbers('flowport: consume', { ...options }, delivery)
}

export function checkServeNumbers(options: {
  readonly port?: number
  readonly shutdownDelayMs?: number
  readonly maxConnections?: number
}): void {
  checkNumbers('serve', { ...options }, server)
}
