/** URIs as they are written: `scheme://` and raw text. Nothing is decoded, resolved or dropped. */
import { CapabilityError } from '../error.ts'
import type { StorageScheme, UriPlace } from './scheme.ts'

/** A URI, taken apart. */
export interface ParsedUri {
  readonly scheme: string
  /** What follows `scheme://`. */
  readonly rest: string
}

/** Refuses what is no URI; says how the likely ones are written. */
export function parseUri(uri: unknown): ParsedUri {
  if (typeof uri !== 'string') throw invalidUri('a URI is text, such as "memory://folder/file.txt"')
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([\s\S]*)$/.exec(uri)
  if (match === null) {
    throw invalidUri(
      uri === ''
        ? 'the URI is empty'
        : 'a URI begins with its scheme, as in "opfs://folder/file.txt"; a path on disk is written "file:///folder/file.txt"',
    )
  }
  return { scheme: (match[1] ?? '').toLowerCase(), rest: match[2] ?? '' }
}

/** A place, and whether the URI names a folder: the root of a store, or what ends in a slash. */
export interface Place extends UriPlace {
  readonly isFolder: boolean
}

/** Where the URI points, checked: no path can lead out of its store, and no key stands for two. */
export function placeOf({ scheme, rest }: ParsedUri, definition: StorageScheme): Place {
  if (rest.includes('\0') || !rest.isWellFormed()) throw invalidUri('a URI is well-formed text without NUL')
  if (definition.locate !== undefined) return folderOf(definition.locate(rest))
  if (definition.authority === 'key') {
    if (rest.startsWith('/'))
      throw invalidUri(`${scheme} has no host: write "${scheme}://" and the path, without a third slash`)
    return checkedPath(folderOf({ store: '', key: rest }))
  }
  const slash = rest.indexOf('/')
  const store = slash < 0 ? rest : rest.slice(0, slash)
  if (store === '') throw invalidUri(`the name of the store is missing: "${scheme}://name/path"`)
  if (store.includes('@')) throw userinfo()
  if (store === '.' || store === '..' || /[\s:?#\\]/.test(store)) {
    throw invalidUri(`the name of the store holds what no name can: "${scheme}://name/path"`)
  }
  return checkedPath(folderOf({ store, key: slash < 0 ? '' : rest.slice(slash + 1) }))
}

/** Refuses a path with segments that are empty, `.` or `..`, or with a backslash: some stores would resolve them. */
export function checkedPath<P extends UriPlace>(place: P): P {
  const { key } = place
  if (key.includes('\\')) throw invalidUri('a path is written with "/", not with "\\"')
  if (key !== '' && key.split('/').some((segment) => segment === '' || segment === '.' || segment === '..'))
    throw invalidUri('a path has no empty segments ("//"), and none that are "." or ".."')
  return place
}

/** The slash at the end of a folder is not part of its key. */
function folderOf({ store, key }: UriPlace): Place {
  if (key === '') return { store, key, isFolder: true }
  return key.endsWith('/')
    ? { store, key: key.slice(0, -1), isFolder: true }
    : { store, key, isFolder: false }
}

export function invalidUri(reason: string): CapabilityError {
  return new CapabilityError('InvalidInput', reason, { code: 'INVALID_URI' })
}

/** A URI goes where credentials must not: into logs, state and the address bar. */
export function userinfo(): CapabilityError {
  return invalidUri('a URI holds no user and no password; set them with setCredentials')
}

/**
 * The URI as it may be shown: without user and password, and without what follows `?`, where presigned URLs and shared
 * access signatures keep theirs.
 */
export function shownUri(uri: unknown): string {
  if (typeof uri !== 'string') return `(${typeof uri})`
  const bare = uri.replace(/^([A-Za-z][A-Za-z0-9+.-]*:\/\/)[^/?#]*@/, '$1***@')
  const query = bare.indexOf('?')
  return query < 0 ? bare : `${bare.slice(0, query)}?***`
}

/** The URI of what is below a folder. */
export function below(folder: string, path: string): string {
  return folder.endsWith('/') ? folder + path : `${folder}/${path}`
}
