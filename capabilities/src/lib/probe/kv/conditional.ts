/** Whether `ifAbsent` and `ifVersion` hold, one after another and under a race. */
import { attemptFault, type ProbeCheck, refusalFault, skipped, verdict } from '../check.ts'
import { race, raceFault } from '../race.ts'
import type { KvProbeSubject } from './subject.ts'

const about = 'features.conditional'

export const conditional: ProbeCheck<KvProbeSubject> = {
  name: 'conditional puts',
  async run(subject) {
    const { info, rounds, racers } = subject
    if (!subject.tries('conditional'))
      return [skipped(about, false, 'not claimed; give the driver to try it')]
    const faults = [
      ...(await absent(subject)),
      ...(await versions(subject)),
      ...(await races(subject, 'race-absent', 'AlreadyExists', async () => ({ ifAbsent: true }))),
      ...(await races(subject, 'race-version', 'ConditionNotMatch', (contested) =>
        newVersion(subject, contested),
      )),
    ]
    return [verdict(about, info.features.conditional, faults, `${rounds} races of ${racers}, twice`)]
  },
}

async function absent({ kv, signal, key }: KvProbeSubject): Promise<readonly string[]> {
  const there = key('absent')
  await kv.put(there, 'first', { signal })
  const fault = await refusalFault('creating what is there', ['AlreadyExists'], () =>
    kv.put(there, 'second', { ifAbsent: true, signal }),
  )
  const left = await kv.get(there, { signal })
  await kv.delete(there, { signal })
  const again = await attemptFault('creating what was deleted', () =>
    kv.put(there, 'third', { ifAbsent: true, signal }),
  )
  return [fault, left === 'first' ? null : 'a refused creation changed the entry', again].filter(
    (each) => each !== null,
  )
}

async function versions({ kv, signal, key }: KvProbeSubject): Promise<readonly string[]> {
  const there = key('version')
  const old = (await kv.put(there, 'old', { signal })).version
  const { version } = await kv.put(there, 'new', { signal })
  if (old === null || version === null) return ['a put tells no version']
  const read = await kv.getWithMetadata(there, { signal })
  const faults = [
    old === version ? 'another value has the same version' : null,
    read?.version === version ? null : 'a read tells another version than the put',
    await refusalFault('replacing a version that is gone', ['ConditionNotMatch'], () =>
      kv.put(there, 'late', { ifVersion: old, signal }),
    ),
    await refusalFault('replacing what is absent', ['ConditionNotMatch'], () =>
      kv.put(key('version-absent'), 'value', { ifVersion: version, signal }),
    ),
    (await kv.get(there, { signal })) === 'new' ? null : 'a refused replacement changed the entry',
  ]
  return faults.filter((fault) => fault !== null)
}

type Condition = { readonly ifAbsent: true } | { readonly ifVersion: string }

async function newVersion({ kv, signal }: KvProbeSubject, contested: string): Promise<Condition> {
  return { ifVersion: (await kv.put(contested, 'start', { signal })).version ?? 'none' }
}

async function races(
  { kv, signal, racers, rounds, key }: KvProbeSubject,
  name: string,
  refusal: 'AlreadyExists' | 'ConditionNotMatch',
  conditionFor: (contested: string) => Promise<Condition>,
): Promise<readonly string[]> {
  const faults: string[] = []
  for (let round = 0; round < rounds; round++) {
    const contested = key(`${name}-${round}`)
    const condition = await conditionFor(contested)
    const result = await race(racers, refusal, (writer) =>
      kv.put(contested, String(writer), { ...condition, signal }),
    )
    signal.throwIfAborted()
    const left = await kv.get(contested, { signal })
    const fault = raceFault(result, left === 'start' ? null : left)
    if (fault !== null) faults.push(`round ${round}: ${fault}`)
  }
  return faults
}
