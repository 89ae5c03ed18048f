/** Memory stores in place of a profile's own: the same names, and the same stated guarantees, features and limits. */
import {
  CapabilityError,
  type Clock,
  createBlobStore,
  createCache,
  createDedupeStore,
  createDurableState,
  createHttp,
  createKeyValue,
  createQueue,
  createSecrets,
  type Domains,
  domainOf,
  type HttpDriver,
  type Layer,
  type Provider,
  ResourceBag,
  type Resource,
  type ResourceName,
} from '@flowport/capabilities'
import {
  memoryBlobDriver,
  memoryCacheDriver,
  memoryDedupeDriver,
  memoryKvDriver,
  memoryQueueDriver,
  memorySecretsDriver,
  memoryStateDriver,
} from '@flowport/capabilities/memory'
import type { AnyFlow } from '../../flow.ts'

/** Answers an outgoing request of a node. */
export type AnswerHttp = (request: Request) => Response | PromiseLike<Response>

export interface MemoryStores {
  readonly providers: readonly Provider[]
  /** The stores without layers. */
  readonly resources: ResourceBag
}

interface Parts {
  readonly clock: Clock
  readonly httpDriver: HttpDriver
}

/** Makes the portable object over one store, with the given layers. */
type MakeResource = (layers: readonly Layer[]) => Resource & object

/** Replaces the providers of a profile. */
export function memoryStores(profile: string, originals: readonly Provider[], parts: Parts): MemoryStores {
  let resources: ResourceBag = ResourceBag.empty().with('clock', parts.clock)
  const providers = originals.map((original): Provider => {
    const made = Object.entries(Object(original.provides) as Readonly<Record<string, unknown>>).map(
      ([name, stated]) => [name as ResourceName, storeFor(profile, name, stated, parts)] as const,
    )
    for (const [name, make] of made) resources = resources.with(name, make([]) as never)
    return {
      preset: original.preset,
      provides: original.provides,
      env: original.env,
      bindings: [],
      nativeRetry: original.nativeRetry,
      hints: original.hints,
      check: () => null,
      async open({ layers = [] }) {
        return {
          resources: new Map(made.map(([name, make]) => [name, make(layers)])),
          close: () => Promise.resolve(),
        }
      },
    }
  })
  return { providers, resources }
}

/** Adds a queue in memory for each queue flow whose queue the profile leaves to the platform. */
export function bindQueues(flows: readonly AnyFlow[], bag: ResourceBag, clock: Clock): ResourceBag {
  let bound = bag
  for (const { trigger } of flows) {
    if (trigger.kind !== 'queue') continue
    const name = `queue:${trigger.queue}` as const
    if (!bound.has(name)) bound = bound.with(name, createQueue(memoryQueueDriver({ clock }), { name }))
  }
  return bound
}

/** The driver behind `http`: the test's own answers, or a refusal. */
export function answeringDriver(answer: AnswerHttp | undefined): HttpDriver {
  return {
    info: { provider: 'test', extensions: {} },
    async fetch(request) {
      if (answer !== undefined) return answer(request)
      const message = `a node requests ${request.method} ${request.url}: answer it with the option "http" of testApp`
      throw new CapabilityError('Misconfigured', message, { applied: 'no' })
    },
  }
}

function storeFor(
  profile: string,
  name: string,
  stated: unknown,
  { clock, httpDriver }: Parts,
): MakeResource {
  const domain = domainOf(name)
  switch (domain) {
    case 'kv': {
      const info = stated as Domains['kv']['info']
      const driver = stating(memoryKvDriver({ clock, limits: info.limits, ...transactionOf(info) }), info)
      return (layers) => createKeyValue(driver, { name, clock, layers })
    }
    case 'blob': {
      const info = stated as Domains['blob']['info']
      const driver = stating(memoryBlobDriver({ clock, limits: info.limits }), info)
      return (layers) => createBlobStore(driver, { name, layers })
    }
    case 'dedupe': {
      const info = stated as Domains['dedupe']['info']
      const driver = stating(memoryDedupeDriver({ clock, limits: info.limits, ...transactionOf(info) }), info)
      return (layers) => createDedupeStore(driver, { name, layers })
    }
    case 'queue': {
      const info = stated as Domains['queue']['info']
      const { limits } = info
      // Without a stated order, the newest message comes first: a test then notices code that relies on order.
      const ordering = info.ordering === 'ordered' ? 'ordered' : 'unordered'
      const driver = stating(memoryQueueDriver({ clock, ordering, limits, ...transactionOf(info) }), info)
      return (layers) => createQueue(driver, { name, layers })
    }
    case 'state': {
      const info = stated as Domains['state']['info']
      const { sql: _sql, ...limits } = info.limits
      // Memory has no SQL, so preflight refuses a flow that needs it.
      const features = { ...info.features, sql: false }
      const driver = stating(memoryStateDriver({ clock, limits }), { ...info, limits, features })
      return (layers) => createDurableState(driver, { name, layers })
    }
    case 'cache':
      return (layers) => createCache(memoryCacheDriver({ clock }), { name, layers })
    case 'http':
      return (layers) => createHttp(httpDriver, { name, layers })
    case 'secrets':
      return (layers) => createSecrets(memorySecretsDriver({}), { name, layers })
    case 'storage':
    case 'db':
    case 'clock':
    case 'rng':
    case null:
      throw new TypeError(
        `profile "${profile}" binds "${name}", and testApp has no memory store for it: test with a profile that leaves it out`,
      )
  }
}

function transactionOf({ transaction }: { readonly transaction?: string }): {
  readonly transaction?: string
} {
  return transaction === undefined ? {} : { transaction }
}

/** The driver with another `info`: its methods keep the driver as `this`. */
function stating<D extends object, I>(driver: D, info: I): Omit<D, 'info'> & { readonly info: I } {
  return new Proxy(driver, {
    get(target, property) {
      if (property === 'info') return info
      const value: unknown = Reflect.get(target, property, target)
      return typeof value === 'function' ? (value as (...given: unknown[]) => unknown).bind(target) : value
    },
  }) as Omit<D, 'info'> & { readonly info: I }
}
