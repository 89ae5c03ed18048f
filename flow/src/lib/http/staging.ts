/** The part of a store where the files of a form wait until the form is whole. */
import { HttpProblem } from './problem.ts'

export const stagingPrefix = '.flowport/uploads/'

/** The key, unless it is inside the staging area, where sweeps would delete the upload: that is a 400. */
export function uploadKey(key: string): string {
  if (!key.startsWith(stagingPrefix)) return key
  throw new HttpProblem({
    status: 400,
    code: 'RESERVED_KEY',
    title: `Keys that start with ${stagingPrefix} are reserved for uploads under way`,
    detail: key,
  })
}
