/** Checks this host's numeric options before a profile opens, so that a failure leaves nothing open. */
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

/** Throws `Misconfigured` for the first number outside its limits. */
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
