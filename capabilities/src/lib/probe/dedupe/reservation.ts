/** Whether of callers that race for a key exactly one gets it, by `putIfAbsent` and by `begin`. */
import { confirmed, falseClaim, note, type Observation, type ProbeCheck } from '../check.ts'
import type { DedupeProbeSubject } from './subject.ts'

const about = 'reservation'

export const reservation: ProbeCheck<DedupeProbeSubject> = {
  name: 'reservation race',
  async run(subject) {
    const { dedupe, info, signal, racers, rounds, longMs, key } = subject
    const faults: string[] = []
    for (let round = 0; round < rounds; round++) {
      const reserved = key(`reserve-${round}`)
      const begun = key(`begin-${round}`)
      for (const [what, wins] of [
        ['putIfAbsent', () => dedupe.putIfAbsent(reserved, longMs, { signal })],
        [
          'begin',
          async () =>
            (await dedupe.begin(begun, { leaseMs: longMs, fingerprint: 'probe', signal })).state === 'fresh',
        ],
      ] as const) {
        const won = (await Promise.all(Array.from({ length: racers }, wins))).filter(Boolean).length
        if (won !== 1) faults.push(`round ${round}: ${won} of ${racers} callers of ${what} got the key`)
      }
    }
    return [verdictOf(info.reservation, faults, `${rounds} races of ${racers}, twice`)]
  },
}

function verdictOf(claimed: string, faults: readonly string[], tried: string): Observation {
  const [fault] = faults
  if (claimed === 'atomic') {
    return fault === undefined
      ? confirmed(about, claimed, 'one caller got the key each time', tried)
      : falseClaim(about, claimed, fault, faults.slice(1, 4).join('; '))
  }
  return fault === undefined
    ? note(
        about,
        claimed,
        'one caller got the key each time; it may be atomic, which a probe cannot prove',
        tried,
      )
    : confirmed(about, claimed, fault, tried)
}
