/** The `Authorization` header of options and environment, or none. */
import { misconfigured } from './place.ts'

export interface HttpCredentials {
  readonly token?: string | undefined
  readonly username?: string | undefined
  readonly password?: string | undefined
}

/** `Bearer` or `Basic`; `null` without credentials, `Misconfigured` when they contradict each other. Errors repeat none. */
export function authorization({ token, username, password }: HttpCredentials): string | null {
  if (token !== undefined) {
    if (username !== undefined || password !== undefined)
      throw misconfigured('give a token, or a username and a password, not both')
    if (!/^[\x21-\x7e]+$/.test(token)) throw misconfigured('the token must be printable ASCII without spaces')
    return `Bearer ${token}`
  }
  if (username === undefined && password === undefined) return null
  if (username === undefined || password === undefined)
    throw misconfigured('a username needs a password, and a password a username')
  // RFC 7617, section 2.
  if (username.includes(':') || /\p{Cc}/u.test(username + password))
    throw misconfigured('a username has no colon, and neither it nor the password has control characters')
  let binary = ''
  for (const byte of new TextEncoder().encode(`${username}:${password}`)) binary += String.fromCharCode(byte)
  return `Basic ${btoa(binary)}`
}
