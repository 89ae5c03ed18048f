/** Credentials of S3: fixed, or from a function that is asked again before they expire. */
import { CapabilityError, isCapabilityError } from '@flowport/capabilities'

export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Of temporary credentials. */
  readonly sessionToken?: string | undefined
  /** When they end. Default: never. */
  readonly expiresAt?: Date | undefined
}

/** Gets credentials, such as from a token service. It is called again shortly before they expire, and when the store says so. */
export type S3CredentialsProvider = () => Promise<S3Credentials>

/** `'anonymous'` sends requests unsigned, for public buckets. */
export type S3CredentialsSource = S3Credentials | S3CredentialsProvider | 'anonymous'

/** Holds credentials where neither `JSON.stringify` nor `util.inspect` looks. */
export class HeldCredentials {
  readonly #source: S3CredentialsSource
  #held: S3Credentials | null = null
  #asking: Promise<S3Credentials> | null = null

  constructor(source: S3CredentialsSource) {
    this.#source = source
  }

  get anonymous(): boolean {
    return this.#source === 'anonymous'
  }

  /** Credentials that hold for a while yet; `null` for anonymous ones. Without waiting where they are at hand. */
  current(now: number, signal: AbortSignal | undefined): S3Credentials | null | Promise<S3Credentials> {
    if (this.#source === 'anonymous') return null
    if (typeof this.#source !== 'function') return this.#source
    const left = this.#left(now)
    return this.#held !== null && left > refreshBeforeMs ? this.#held : this.#refreshed(left, signal)
  }

  /** Whether asking anew could help after the store refused these; they are not used again. */
  refuse(refused: S3Credentials | null): boolean {
    if (typeof this.#source !== 'function') return false
    // Others may have got new ones meanwhile.
    if (this.#held === refused) this.#held = null
    return true
  }

  #left(now: number): number {
    return this.#held?.expiresAt === undefined ? Infinity : this.#held.expiresAt.getTime() - now
  }

  async #refreshed(left: number, signal: AbortSignal | undefined): Promise<S3Credentials> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null
    })
    try {
      return await unlessAborted(this.#asking, signal)
    } catch (error) {
      // Old ones do until they have expired.
      if (this.#held !== null && left > 0 && signal?.aborted !== true) return this.#held
      throw error
    }
  }

  /** Shared by all waiting callers: the signal of one must not end it for the others. */
  async #ask(): Promise<S3Credentials> {
    const source = this.#source as S3CredentialsProvider
    try {
      const { accessKeyId, secretAccessKey, sessionToken, expiresAt } = await source()
      this.#held = { accessKeyId, secretAccessKey, sessionToken, expiresAt }
      return this.#held
    } catch (error) {
      if (isCapabilityError(error)) throw error
      throw new CapabilityError('Unauthenticated', 'the function that gives the credentials failed', {
        retryable: 'temporary',
        cause: error,
      })
    }
  }
}

async function unlessAborted<T>(wait: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return wait
  signal.throwIfAborted()
  let onAbort: () => void = () => undefined
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error)
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([wait, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** Time for requests under way to end, and for a token service to be slow. */
const refreshBeforeMs = 5 * 60_000
