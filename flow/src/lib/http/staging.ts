/** The parts of a store that the bridge uses itself: files of a form wait there until the form is whole, answers are recorded. */
import { HttpProblem } from './problem.ts'
import { answersPrefix } from './recorded/place.ts'

export const stagingPrefix = '.flowport/uploads/'

/** The key, unless it is in a part of the store where sweeps delete: that is a 400. */
export function uploadKey(key: string): string {
  const prefix = [stagingPrefix, answersPrefix].find((one) => key.startsWith(one))
  if (prefix === undefined) return key
  throw new HttpProblem({
    status: 400,
    code: 'RESERVED_KEY',
    title: `Keys that start with ${prefix} are reserved`,
    detail: key,
  })
}
