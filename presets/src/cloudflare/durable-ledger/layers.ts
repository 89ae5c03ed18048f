/** The default layers of stores on Durable Objects. */
import { type Clock, type Layer, type Logger, logging, retry, timeout } from '@flowport/capabilities'

/** Milliseconds one try may take. An object that is far away and asleep answers within a second or two. */
const timeoutMs = 10_000

export function durableLayers({
  log,
  clock,
}: {
  readonly log: Logger
  readonly clock: Clock
}): readonly Layer[] {
  return [logging({ log, clock }), retry({ clock, log }), timeout({ timeoutMs, clock })]
}
