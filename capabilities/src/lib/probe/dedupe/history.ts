/** Whether a history of concurrent holders is linearizable: leases, fences, results and unknown keys. */
import { checkLinearizable } from '../../linearizability/check.ts'
import { dedupeModel } from '../../linearizability/dedupe-model.ts'
import { runDedupeWorkload } from '../../linearizability/dedupe-workload.ts'
import { historyObservation, type ProbeCheck, skipped } from '../check.ts'
import type { DedupeProbeSubject } from './subject.ts'

const about = 'reservation'
/** More callers of one key find no more, and make histories that take long to check. */
const mostClients = 6
const operationsPerRound = 60
/** How far the clocks of the store and of the probe may drift apart while it runs. */
const driftMs = 100

export const history: ProbeCheck<DedupeProbeSubject> = {
  name: 'linearizable history',
  async run({ dedupe, info, rng, clock, signal, racers, rounds, longMs, maxWaitMs, key }) {
    if (info.reservation !== 'atomic') return [skipped(about, info.reservation, 'atomic is not claimed')]
    const clients = Math.min(racers, mostClients)
    const shortMs = Math.max(info.limits.minTtlMs, 500)
    // Leases end during the workload where the probe may wait that long, a few times over all.
    const pauseMs = shortMs + driftMs <= maxWaitMs ? Math.ceil(maxWaitMs / 20) : 0
    let waitedMs = 0
    const recorded = await runDedupeWorkload(dedupe, {
      rng,
      clock,
      signal,
      keys: [key('history-a'), key('history-b')],
      clients,
      operations: rounds * operationsPerRound,
      shortMs,
      longMs,
      pass: async (ms) => {
        const wait = Math.min(ms, pauseMs, maxWaitMs - waitedMs)
        waitedMs += wait
        if (wait > 0) await clock.sleep(wait, { signal })
      },
    })
    signal.throwIfAborted()
    const model = dedupeModel({ slackMs: info.limits.expirySlackMs ?? 0, driftMs })
    const tried = `${recorded.length} calls of ${clients} callers`
    return [historyObservation(about, info.reservation, checkLinearizable(model, recorded), tried)]
  },
}
