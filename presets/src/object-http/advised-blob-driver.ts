/** A blob driver with the provider's advice in its errors, and the provider's rules for keys. */
import {
  type BlobDriver,
  CapabilityError,
  type DriverCall,
  type ErrorKind,
  isKind,
} from '@flowport/capabilities'

export interface Advice {
  /** The error to throw instead, or the same error. */
  readonly error: (error: unknown) => unknown
  /** Throws what is wrong with a key here. Default: nothing is. */
  readonly checkKey?: (key: string) => void
  /** Puts instead of the driver. Default: the driver's own. */
  readonly put?: BlobDriver['put']
  /**
   * The operations that answer `null` where the whole store is missing, as OpenDAL's do: the first time one finds nothing, the
   * store is listed, and a missing one is `Misconfigured`. Default none.
   */
  readonly unsure?: readonly ('head' | 'get')[]
}

/** The driver with advice. Errors of a stream that was already returned stay unchanged. */
export function advisedBlobDriver(
  driver: BlobDriver,
  { error: advise, checkKey = () => undefined, put: ownPut, unsure = [] }: Advice,
): BlobDriver {
  const told = async <T>(call: () => T | PromiseLike<T>, ...keys: readonly string[]): Promise<T> => {
    try {
      for (const key of keys) checkKey(key)
      return await call()
    } catch (error) {
      throw advise(error)
    }
  }
  /** Whether something was found before: a store that misses often is not listed each time. */
  let isThere = false
  const found = async <T>(operation: 'head' | 'get', answer: T | null, { signal }: DriverCall) => {
    if (isThere || !unsure.includes(operation)) return answer
    // Credentials that may not list cannot find out whether the store exists.
    if (answer === null) await told(() => driver.list({ prefix: '', limit: 1, signal })).catch(refuseMissing)
    isThere = true
    return answer
  }
  const { deleteMany, copy, presign, check, close, returnsBytes } = driver
  return {
    info: driver.info,
    ...(returnsBytes === undefined ? {} : { returnsBytes }),
    head: async (key, call) => found('head', await told(() => driver.head(key, call), key), call),
    get: async (key, get) => found('get', await told(() => driver.get(key, get), key), get),
    put: (key, body, put) =>
      told(() => (ownPut === undefined ? driver.put(key, body, put) : ownPut(key, body, put)), key),
    delete: (key, call) => told(() => driver.delete(key, call), key),
    list: (list) => told(() => driver.list(list)),
    ...(deleteMany && {
      deleteMany: (keys, call) => told(() => deleteMany.call(driver, keys, call), ...keys),
    }),
    ...(copy && { copy: (from, to, call) => told(() => copy.call(driver, from, to, call), from, to) }),
    ...(presign && { presign: (key, options) => told(() => presign.call(driver, key, options), key) }),
    ...(check && { check: (call) => told(() => check.call(driver, call)) }),
    ...(close && { close: () => close.call(driver) }),
  }
}

function refuseMissing(error: unknown): void {
  if (isKind(error, 'Misconfigured')) throw error
}

/** The error with another kind and reason. When it may be tried again follows the kind, unless that stays. */
export function retold(error: CapabilityError, kind: ErrorKind, reason: string): CapabilityError {
  const { applied, capability, operation, key, retryable, retryAfterMs, details, cause } = error
  return new CapabilityError(kind, reason, {
    applied,
    capability,
    operation,
    key,
    retryAfterMs,
    cause,
    ...(kind === error.kind ? { retryable } : {}),
    ...(details === undefined ? {} : { details }),
  })
}
