/** Access tokens: fixed, or from a function that is asked again before they end. */
import { CapabilityError, isCapabilityError } from '@flowport/capabilities'

/** A token, and when it ends. Without that it is asked for anew for no other reason than that it was refused. */
export interface AccessToken {
  readonly token: string
  readonly expiresAt?: Date | undefined
}

/** Gets a token. It is called again shortly before that ends, and when it is refused. */
export type AccessTokenProvider = () => Promise<string | AccessToken>

/** Holds a token where neither `JSON.stringify` nor `util.inspect` looks. */
export class HeldToken {
  readonly #source: string | AccessTokenProvider
  #held: AccessToken | null = null
  #asking: Promise<AccessToken> | null = null

  constructor(source: string | AccessTokenProvider) {
    this.#source = source
  }

  /** A token that holds for a while yet. */
  async current(now: number): Promise<string> {
    if (typeof this.#source === 'string') return checked(this.#source)
    const left = this.#held?.expiresAt === undefined ? Infinity : this.#held.expiresAt.getTime() - now
    if (this.#held !== null && left > refreshBeforeMs) return this.#held.token
    this.#asking ??= this.#ask(this.#source).finally(() => {
      this.#asking = null
    })
    try {
      return (await this.#asking).token
    } catch (error) {
      // An old one does until it has ended.
      if (this.#held !== null && left > 0) return this.#held.token
      throw error
    }
  }

  /** Whether asking anew could help after this token was refused; it is not used again. */
  refuse(token: string): boolean {
    if (typeof this.#source === 'string') return false
    // Others may have got a new one meanwhile.
    if (this.#held?.token === token) this.#held = null
    return true
  }

  async #ask(source: AccessTokenProvider): Promise<AccessToken> {
    try {
      const given = await source()
      const held = typeof given === 'string' ? { token: given } : given
      this.#held = { token: checked(held.token), expiresAt: held.expiresAt }
      return this.#held
    } catch (error) {
      if (isCapabilityError(error)) throw error
      throw new CapabilityError('Unauthenticated', 'the function that gives the access token failed', {
        retryable: 'temporary',
        cause: error,
      })
    }
  }
}

/** Refuses a token that cannot be sent in a header: the error of the platform would repeat it. */
function checked(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token
  throw new CapabilityError('Misconfigured', 'the access token must be printable ASCII without spaces')
}

/** Time for requests under way to end. */
const refreshBeforeMs = 60_000
