/** Whether concurrent reads and writes of a few keys are linearizable, as a strongly consistent store promises. */
import { checkLinearizable } from '../../linearizability/check.ts'
import { kvModel } from '../../linearizability/kv-model.ts'
import { runKvWorkload } from '../../linearizability/kv-workload.ts'
import { historyObservation, type ProbeCheck, skipped } from '../check.ts'
import type { KvProbeSubject } from './subject.ts'

const about = 'consistency'
/** More callers of one key find no more, and make histories that take long to check. */
const mostClients = 6
const operationsPerRound = 40

export const history: ProbeCheck<KvProbeSubject> = {
  name: 'linearizable history',
  async run({ kv, info, rng, clock, signal, racers, rounds, key }) {
    if (info.consistency !== 'strong') return [skipped(about, info.consistency, 'strong is not claimed')]
    const clients = Math.min(racers, mostClients)
    const recorded = await runKvWorkload(kv, {
      rng,
      clock,
      signal,
      keys: [key('history-a'), key('history-b')],
      clients,
      operations: rounds * operationsPerRound,
      conditional: info.features.conditional,
    })
    signal.throwIfAborted()
    const tried = `${recorded.length} calls of ${clients} callers`
    return [historyObservation(about, info.consistency, checkLinearizable(kvModel, recorded), tried)]
  },
}
