/** Checks of the options that object stores share. Their errors name options, never values. */

/** The option, else the variable; `undefined` when that is empty. */
export function given(option: string | undefined, variable: string | undefined): string | undefined {
  const value = option ?? variable
  return value === '' ? undefined : value
}

/** An http or https URL without user, query and fragment, and without a slash at its end; `null` for any other text. */
export function plainEndpoint(endpoint: string): string | null {
  if (!URL.canParse(endpoint)) return null
  const { href, protocol, username, password, search, hash } = new URL(endpoint)
  const plain = username === '' && password === '' && search === '' && hash === ''
  return plain && (protocol === 'https:' || protocol === 'http:') ? href.replace(/(?<!\/)\/+$/, '') : null
}

/**
 * A folder with a leading slash, `/` for none. `null` for a folder that OpenDAL would change, as it strips slashes and space, or that
 * the service would resolve to another.
 */
export function plainRoot(root: string): string | null {
  const path = root.replaceAll(/^\/+|(?<!\/)\/+$/g, '')
  if (path === '') return '/'
  const bad = path.split('/').some((part) => part.trim() !== part || ['', '.', '..'].includes(part))
  return bad || path.includes('\\') || path.includes('\0') ? null : `/${path}`
}

/** Bytes a root of `plainRoot` puts in front of every key. */
export function rootBytes(root: string): number {
  return root === '/' ? 0 : new TextEncoder().encode(root).byteLength
}
