/** Whether keys that some stores mix up are kept apart. */
import { isKind } from '../../error.ts'
import { note, type Observation, type ProbeCheck, promise, quoted } from '../check.ts'
import { awkwardNames } from '../samples.ts'
import { type BlobProbeSubject, textUnder } from './subject.ts'

export const keys: ProbeCheck<BlobProbeSubject> = {
  name: 'keys',
  async run(subject) {
    const { blob, signal, key } = subject
    const stored: string[] = []
    const refused: string[] = []
    for (const name of awkwardNames) {
      try {
        await blob.put(key(`keys/${name}`), name, { signal })
        stored.push(name)
      } catch (error) {
        if (!isKind(error, 'InvalidInput', 'Unsupported', 'LimitExceeded')) throw error
        refused.push(name)
      }
    }
    const faults: string[] = []
    for (const name of stored) {
      const text = await textUnder(subject, key(`keys/${name}`))
      if (text !== name) faults.push(`under ${quoted(name)} is ${quoted(text)}`)
    }
    const observations: Observation[] = [
      promise('keys are kept apart', faults, `${stored.length} awkward keys`),
    ]
    if (refused.length > 0) {
      const which = refused.map(quoted).join(', ')
      observations.push(note('contract', 'keys', 'the store refuses keys others take', which))
    }
    return observations
  },
}
