/** Default layers of stores of objects. */
import { type Clock, type Layer, type Logger, logging, retry, timeout } from '@flowport/capabilities'

/** The timeout bounds each try of every operation except `put` and `copy`, which take long with large objects; signals and deadlines
 * bound those. */
export function objectLayers({
  log,
  clock,
}: {
  readonly log: Logger
  readonly clock: Clock
}): readonly Layer[] {
  return [
    logging({ log, clock }),
    retry({ clock, log }),
    timeout({ timeoutMs: 60_000, except: ['put', 'copy'], clock }),
  ]
}
