/** Whether conditional puts hold, one after another and under a race. */
import { attemptFault, type Observation, type ProbeCheck, refusalFault, skipped, verdict } from '../check.ts'
import { race, raceFault } from '../race.ts'
import { type BlobProbeSubject, textUnder } from './subject.ts'

const create = { ifNoneMatch: '*' } as const

/** `ifNoneMatch: '*'` creates once. */
export const createOnly: ProbeCheck<BlobProbeSubject> = {
  name: 'create-only puts',
  async run(subject) {
    if (!subject.tries('createOnly')) return [notTried('createOnly')]
    const faults = [
      ...(await oneAfterAnother(subject)),
      ...(await createRaces(subject, 'race-create', (text) => text)),
      ...(await createRaces(subject, 'race-create-stream', (text) => new Blob([text]).stream())),
    ]
    return [verdict('features.createOnly', subject.info.features.createOnly, faults, tried(subject))]
  },
}

/** `ifMatch` replaces one version. */
export const compareAndSwap: ProbeCheck<BlobProbeSubject> = {
  name: 'compare-and-swap puts',
  async run(subject) {
    if (!subject.tries('compareAndSwap')) return [notTried('compareAndSwap')]
    const faults = [...(await oldVersions(subject)), ...(await swapRaces(subject))]
    const observation = verdict(
      'features.compareAndSwap',
      subject.info.features.compareAndSwap,
      faults,
      tried(subject),
    )
    return [observation]
  },
}

function notTried(feature: 'createOnly' | 'compareAndSwap'): Observation {
  return skipped(`features.${feature}`, false, 'not claimed; give the driver to try it')
}

function tried({ rounds, racers }: BlobProbeSubject): string {
  return `${rounds} races of ${racers}`
}

async function oneAfterAnother(subject: BlobProbeSubject): Promise<readonly string[]> {
  const { blob, signal, key } = subject
  const there = key('create')
  await blob.put(there, 'first', { signal })
  const fault = await refusalFault('creating what is there', ['AlreadyExists'], () =>
    blob.put(there, 'second', { ...create, signal }),
  )
  const left = await textUnder(subject, there)
  await blob.delete(there, { signal })
  const again = await attemptFault('creating what was deleted', () =>
    blob.put(there, 'third', { ...create, signal }),
  )
  const changed = left === 'first' ? null : 'a refused creation changed the object'
  return [fault, changed, again].filter((each) => each !== null)
}

async function createRaces(
  subject: BlobProbeSubject,
  name: string,
  body: (text: string) => string | ReadableStream<Uint8Array>,
): Promise<readonly string[]> {
  const { blob, signal, racers, rounds, key } = subject
  const faults: string[] = []
  for (let round = 0; round < rounds; round++) {
    const contested = key(`${name}-${round}`)
    const result = await race(racers, 'AlreadyExists', (writer) =>
      blob.put(contested, body(String(writer)), { ...create, signal }),
    )
    signal.throwIfAborted()
    const fault = raceFault(result, await textUnder(subject, contested))
    if (fault !== null) faults.push(`round ${round}: ${fault}`)
  }
  return faults
}

async function oldVersions(subject: BlobProbeSubject): Promise<readonly string[]> {
  const { blob, signal, key } = subject
  const there = key('swap')
  const old = await blob.put(there, 'old', { signal })
  const { etag } = await blob.put(there, 'new', { signal })
  const faults = [
    old.etag === etag ? 'another content has the same etag' : null,
    await refusalFault('replacing a version that is gone', ['ConditionNotMatch'], () =>
      blob.put(there, 'late', { ifMatch: old.etag, signal }),
    ),
    await refusalFault('reading a version that is gone', ['ConditionNotMatch'], async () =>
      (await blob.get(there, { ifMatch: old.etag, signal }))?.cancel(),
    ),
    await refusalFault('replacing what is absent', ['ConditionNotMatch'], () =>
      blob.put(key('swap-absent'), 'value', { ifMatch: etag, signal }),
    ),
    (await textUnder(subject, there)) === 'new' ? null : 'a refused replacement changed the object',
  ]
  return faults.filter((fault) => fault !== null)
}

async function swapRaces(subject: BlobProbeSubject): Promise<readonly string[]> {
  const { blob, signal, racers, rounds, key } = subject
  const contested = key('race-swap')
  const faults: string[] = []
  for (let round = 0; round < rounds; round++) {
    const { etag } = await blob.put(contested, `start ${round}`, { signal })
    const result = await race(racers, 'ConditionNotMatch', (writer) =>
      blob.put(contested, String(writer), { ifMatch: etag, signal }),
    )
    signal.throwIfAborted()
    const left = await textUnder(subject, contested)
    const fault = raceFault(result, left === `start ${round}` ? null : left)
    if (fault !== null) faults.push(`round ${round}: ${fault}`)
  }
  return faults
}
