/** Whether the shortest time to live that is stated is taken, and whether an entry ends when it is over and not before. */
import {
  attemptFault,
  confirmed,
  falseClaim,
  note,
  type Observation,
  type ProbeCheck,
  skipped,
} from '../check.ts'
import { type KvProbeSubject, settled } from './subject.ts'

/** How far the clocks of a store and of this machine may be apart, in milliseconds. */
const toleranceMs = 1_000

export const ttl: ProbeCheck<KvProbeSubject> = {
  name: 'time to live',
  async run(subject) {
    const { kv, info, signal, key, maxWaitMs } = subject
    if (info.ttl !== 'per_write') return [skipped('ttl', info.ttl, 'no time to live per write is claimed')]
    const { minTtlSeconds } = info.limits
    const shortest = key('ttl-shortest')
    const refused = await attemptFault('the shortest time to live', () =>
      // A clock that goes on between two readings must not make it too short.
      kv.put(shortest, 'value', { ttlSeconds: minTtlSeconds === 0 ? 0.5 : minTtlSeconds + 0.05, signal }),
    )
    const about = 'limits.minTtlSeconds'
    // Another one would be of the probe's choosing, and prove nothing of the claim.
    if (refused !== null) return [falseClaim(about, minTtlSeconds, refused)]
    const minimum = confirmed(about, minTtlSeconds, 'the shortest time to live is taken')
    const ttlSeconds = Math.max(2, Math.ceil(minTtlSeconds))
    const waitMs = ttlSeconds * 1000 + toleranceMs
    return [
      minimum,
      waitMs > maxWaitMs
        ? skipped('ttl', info.ttl, `needs a wait of ${waitMs} ms, more than maxWaitMs`)
        : await ending(subject, ttlSeconds),
    ]
  },
}

async function ending(subject: KvProbeSubject, ttlSeconds: number): Promise<Observation> {
  const { kv, info, clock, signal, key, tries } = subject
  const [ends, stays, again] = [key('ttl-ends'), key('ttl-stays'), key('ttl-again')]
  const ttlMs = ttlSeconds * 1000
  await kv.put(stays, 'value', { signal })
  await kv.put(again, 'value', { ttlSeconds, signal })
  await kv.put(again, 'value', { signal })
  const start = clock.monotonic()
  await kv.put(ends, 'value', { ttlSeconds, signal })
  const written = clock.monotonic()
  const first = await settled(
    subject,
    () => kv.get(ends, { signal }),
    (value) => value !== null,
  )
  if (first === null && clock.monotonic() - start < ttlMs / 2)
    return wrong(info.ttl, 'the entry never was visible')
  await clock.sleep(Math.max(0, start + ttlMs / 2 - clock.monotonic()), { signal })
  // A slow machine may come here late: then nothing can be said about the time before.
  const early = await kv.get(ends, { signal })
  if (early === null && clock.monotonic() - start < ttlMs) return wrong(info.ttl, 'the entry ended too early')
  await clock.sleep(Math.max(0, written + ttlMs + toleranceMs - clock.monotonic()), { signal })
  const late = await settled(
    subject,
    () => kv.get(ends, { signal }),
    (value) => value === null,
  )
  if (late !== null) return wrong(info.ttl, 'the entry is visible after its time')
  const overMs = Math.round(clock.monotonic() - written - ttlMs)
  if (tries('list')) {
    const listed = await settled(
      subject,
      async () => (await kv.list({ prefix: ends, signal })).keys.length,
      (count) => count === 0,
    )
    if (listed > 0) return wrong(info.ttl, 'the entry is listed after its time')
  }
  for (const one of [stays, again]) {
    if ((await kv.get(one, { signal })) === null)
      return wrong(info.ttl, 'an entry without a time to live ended')
  }
  return overMs > 2 * toleranceMs
    ? note('ttl', info.ttl, `the entry was visible until ${overMs} ms after its time`)
    : confirmed('ttl', info.ttl, 'the entry ended in time', `${ttlSeconds} s`)
}

function wrong(claimed: string, observed: string): Observation {
  return falseClaim('ttl', claimed, observed)
}
