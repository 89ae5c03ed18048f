/** Puts all keys of a resource under a prefix that its users neither see nor can leave: a tenant's part of a store. */
import type { BlobObject } from '../blob/contract.ts'
import type { BlobDriver } from '../blob/driver.ts'
import type { CacheDriver } from '../cache/driver.ts'
import type { DedupeDriver } from '../dedupe/driver.ts'
import { CapabilityError, isCapabilityError } from '../error.ts'
import type { Awaitable, KvDriver } from '../kv/driver.ts'
import type { Layer } from '../layer.ts'
import { utf8Length } from '../limits.ts'
import type { StateDriver } from '../state/driver.ts'
import { amended } from '../amended-error.ts'

/**
 * Adds `text` to every key on the way down and takes it off on the way up, in answers, listings and errors;
 * `limits.maxKeyBytes` shrinks by its UTF-8 bytes. A presigned URL shows it. Of durable state it is the objects' names
 * that are put under it. Queues have no keys and stay as they are.
 *
 * @param text Ends in `/` or `:`, such as `'tenant-1/'`, so that no prefix is the start of another by accident.
 */
export function prefix(text: string): Layer {
  check(text)
  return {
    name: 'prefix',
    wrap: {
      kv: (driver) => prefixKv(text, driver),
      blob: (driver) => prefixBlob(text, driver),
      dedupe: (driver) => prefixDedupe(text, driver),
      state: (driver) => prefixState(text, driver),
      cache: (driver) => prefixCache(text, driver),
    },
  }
}

function prefixKv(text: string, driver: KvDriver): KvDriver {
  const list = driver.list?.bind(driver)
  const getMany = driver.getMany?.bind(driver)
  const deleteMany = driver.deleteMany?.bind(driver)
  return {
    info: shortened(text, driver.info),
    get: (key, call) => inside(text, () => driver.get(text + key, call)),
    put: (key, value, put) => inside(text, () => driver.put(text + key, value, put)),
    delete: (key, call) => inside(text, () => driver.delete(text + key, call)),
    ...(list && {
      list: (options) =>
        inside(
          text,
          () => list({ ...options, prefix: text + options.prefix }),
          (page) => ({ ...page, keys: page.keys.map((entry) => ({ ...entry, key: bare(text, entry.key) })) }),
        ),
    }),
    ...(getMany && {
      getMany: (keys, call) =>
        inside(
          text,
          () => getMany(withPrefix(text, keys), call),
          (found) => new Map([...found].map(([key, entry]) => [bare(text, key), entry])),
        ),
    }),
    ...(deleteMany && {
      deleteMany: (keys, call) => inside(text, () => deleteMany(withPrefix(text, keys), call)),
    }),
    ...rest(driver),
  }
}

function prefixBlob(text: string, driver: BlobDriver): BlobDriver {
  const deleteMany = driver.deleteMany?.bind(driver)
  const copy = driver.copy?.bind(driver)
  const presign = driver.presign?.bind(driver)
  const bareObject = <O extends { readonly key: string }>(object: O): O => ({
    ...object,
    key: bare(text, object.key),
  })
  const found = (object: BlobObject | null) => (object === null ? null : bareObject(object))
  return {
    info: shortened(text, driver.info),
    head: (key, call) => inside(text, () => driver.head(text + key, call), found),
    get: (key, get) =>
      inside(
        text,
        () => driver.get(text + key, get),
        (opened) => (opened === null ? null : { ...opened, object: bareObject(opened.object) }),
      ),
    put: (key, body, put) => inside(text, () => driver.put(text + key, body, put), bareObject),
    delete: (key, call) => inside(text, () => driver.delete(text + key, call)),
    list: (options) =>
      inside(
        text,
        () => driver.list({ ...options, prefix: text + options.prefix }),
        (page) => ({
          ...page,
          objects: page.objects.map(bareObject),
          prefixes: page.prefixes.map((group) => bare(text, group)),
        }),
      ),
    ...(deleteMany && {
      deleteMany: (keys, call) => inside(text, () => deleteMany(withPrefix(text, keys), call)),
    }),
    ...(copy && {
      copy: (from, to, call) => inside(text, () => copy(text + from, text + to, call), found),
    }),
    ...(presign && {
      presign: (key, options) => inside(text, () => presign(text + key, options)),
    }),
    ...(driver.returnsBytes && { returnsBytes: true }),
    ...rest(driver),
  }
}

function prefixDedupe(text: string, driver: DedupeDriver): DedupeDriver {
  const unknowns = driver.unknowns?.bind(driver)
  const look = driver.look?.bind(driver)
  const takeOver = driver.takeOver?.bind(driver)
  const commit = driver.commit?.bind(driver)
  const start = driver.start?.bind(driver)
  return {
    info: shortened(text, driver.info),
    reserve: (key, ...more) => inside(text, () => driver.reserve(text + key, ...more)),
    begin: (key, ...more) => inside(text, () => driver.begin(text + key, ...more)),
    complete: (key, ...more) => inside(text, () => driver.complete(text + key, ...more)),
    release: (key, ...more) => inside(text, () => driver.release(text + key, ...more)),
    renew: (key, ...more) => inside(text, () => driver.renew(text + key, ...more)),
    forget: (key, call) => inside(text, () => driver.forget(text + key, call)),
    ...(commit && {
      commit: (record, ...more) => inside(text, () => commit({ ...record, key: text + record.key }, ...more)),
    }),
    ...(start && {
      start: (record, ...more) => inside(text, () => start({ ...record, key: text + record.key }, ...more)),
    }),
    ...(look && { look: (key, call) => inside(text, () => look(text + key, call)) }),
    ...(takeOver && { takeOver: (key, ...more) => inside(text, () => takeOver(text + key, ...more)) }),
    ...(unknowns && {
      unknowns: async (cursor, limit, call) => {
        const page = await inside(text, () => unknowns(cursor, limit, call))
        const own = page.keys.filter(({ key }) => key.startsWith(text))
        return { ...page, keys: own.map((found) => ({ ...found, key: found.key.slice(text.length) })) }
      },
    }),
    ...rest(driver),
  }
}

function prefixState(text: string, driver: StateDriver): StateDriver {
  const { sql, alarm, info } = driver
  const maxNameBytes = room(text, info.limits.maxNameBytes)
  return {
    info: { ...info, limits: { ...info.limits, maxNameBytes } },
    get: (name, ...more) => inside(text, () => driver.get(text + name, ...more)),
    put: (name, ...more) => inside(text, () => driver.put(text + name, ...more)),
    delete: (name, ...more) => inside(text, () => driver.delete(text + name, ...more)),
    list: (name, list) => inside(text, () => driver.list(text + name, list)),
    commit: (name, ...more) => inside(text, () => driver.commit(text + name, ...more)),
    ...(sql && {
      sql: {
        exec: (name, ...more) => inside(text, () => sql.exec(text + name, ...more)),
        open: (name, ...more) => inside(text, () => sql.open(text + name, ...more)),
      },
    }),
    ...(alarm && {
      alarm: {
        get: (name, call) => inside(text, () => alarm.get(text + name, call)),
        set: (name, ...more) => inside(text, () => alarm.set(text + name, ...more)),
        delete: (name, call) => inside(text, () => alarm.delete(text + name, call)),
      },
    }),
    ...rest(driver),
  }
}

function prefixCache(text: string, driver: CacheDriver): CacheDriver {
  return {
    info: shortened(text, driver.info),
    get: (key, call) => inside(text, () => driver.get(text + key, call)),
    set: (key, ...more) => inside(text, () => driver.set(text + key, ...more)),
    delete: (key, call) => inside(text, () => driver.delete(text + key, call)),
    ...rest(driver),
  }
}

function rest(driver: Pick<KvDriver, 'check' | 'close'>): Pick<KvDriver, 'check' | 'close'> {
  return {
    ...(driver.check && { check: (call) => driver.check?.(call) }),
    ...(driver.close && { close: () => driver.close?.() }),
  }
}

/** Asks the driver; errors lose the prefix, and `finish` takes it off the answer. Synchronous drivers stay so. */
function inside<T, R = T>(text: string, ask: () => Awaitable<T>, finish?: (answer: T) => R): Awaitable<R> {
  const done = finish ?? ((answer: T) => answer as unknown as R)
  try {
    const answer = ask()
    if (!isPromise(answer)) return done(answer)
    return answer.then(done, (error: unknown) => {
      throw hiding(text, error)
    })
  } catch (error) {
    throw hiding(text, error)
  }
}

function isPromise<T>(answer: Awaitable<T>): answer is PromiseLike<T> {
  return typeof answer === 'object' && answer !== null && 'then' in answer
}

/** The error without the prefix in anything a caller sees; its `cause`, for logs on the server, keeps it. */
function hiding(text: string, error: unknown): unknown {
  if (!isCapabilityError(error)) return error
  const { key, reason, details } = error
  return amended(error, {
    reason: reason.replaceAll(text, ''),
    key: key?.startsWith(text) ? key.slice(text.length) : key,
    ...(details && {
      details: Object.fromEntries(
        Object.entries(details).map(([name, value]) => [name, hidden(text, value)]),
      ),
    }),
  })
}

/** A detail without the prefix: text, or a list of such as the keys of a bulk delete. */
function hidden(text: string, value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll(text, '')
  return Array.isArray(value) ? value.map((one: unknown) => hidden(text, one)) : value
}

function bare(text: string, key: string): string {
  if (key.startsWith(text)) return key.slice(text.length)
  throw new CapabilityError(
    'Unexpected',
    'the store answered with a key that was not asked for; its driver is at fault',
  )
}

function withPrefix(text: string, keys: readonly string[]): readonly string[] {
  return keys.map((key) => text + key)
}

function shortened<I extends { readonly limits: { readonly maxKeyBytes: number } }>(
  text: string,
  info: I,
): I {
  return { ...info, limits: { ...info.limits, maxKeyBytes: room(text, info.limits.maxKeyBytes) } }
}

/** The bytes that are left for a key. */
function room(text: string, max: number): number {
  const left = max - utf8Length(text)
  if (left > 0) return left
  throw new CapabilityError(
    'Misconfigured',
    `prefix: "${text}" leaves no room for a key in the store's limit`,
  )
}

function check(text: string): void {
  const segments = text.split('/')
  const last = segments.pop()
  const path = segments.every((segment) => segment !== '' && segment !== '.' && segment !== '..')
  const ends = text.length > 1 && (text.endsWith('/') || text.endsWith(':'))
  if (ends && path && last !== undefined && text.isWellFormed() && !/[\\\0]/.test(text)) return
  throw new CapabilityError(
    'Misconfigured',
    'prefix: must be segments such as "tenant-1/" or "tenant-1:", ending in "/" or ":", without "\\", "." or ".."',
  )
}
