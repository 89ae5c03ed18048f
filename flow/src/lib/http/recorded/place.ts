/** Where recorded bodies lie in a blob store: under the caller, then the record, then one folder per recording. */

/** Everything below belongs to recorded answers. No upload goes there, and no answer is served from there. */
export const answersPrefix = '.flowport/answers/'

/** Folder of callers without a principal. */
export const anonymous = 'anonymous'

export interface Place {
  /** Digest of the principal, or `anonymous`. */
  readonly who: string
  /** Name of the record, which is also its key in the ledger. */
  readonly name: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  /** Tells the recordings of one key apart: a process that ended leaves its folder behind. */
  readonly id: string
}

export function folderOf({ who, name, expiresAt, id }: Place): string {
  return `${recordFolder({ who, name })}${expiresAt.toString(36)}.${id}/`
}

/** The folder of all recordings of a record. */
export function recordFolder({ who, name }: Pick<Place, 'who' | 'name'>): string {
  return `${callerFolder(who)}${name}/`
}

export function callerFolder(who: string): string {
  return `${answersPrefix}${who}/`
}

/** Segments list in the order in which they were written. */
export function segmentKey(folder: string, index: number): string {
  return `${folder}${String(index).padStart(6, '0')}`
}

/** What a stream that is being recorded begins with, for those who follow it; gone when the recording has ended. */
export function headKey(folder: string): string {
  return `${folder}head`
}

/** Lists after the segments: it is written when all of them are there. */
export function manifestKey(folder: string): string {
  return `${folder}manifest`
}

/** Where a stored key belongs; `null` for a key that no recording has written. */
export function placeOf(key: string): Place | null {
  const [who, name, folder] = key.slice(answersPrefix.length).split('/')
  const [expires, id] = folder?.split('.') ?? []
  const expiresAt = Number.parseInt(expires ?? '', 36)
  if (!key.startsWith(answersPrefix) || who === undefined || name === undefined || id === undefined)
    return null
  return Number.isSafeInteger(expiresAt) ? { who, name, expiresAt, id } : null
}
