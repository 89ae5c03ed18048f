/** The stores of a world: the memory drivers behind the simulated network, under the portable types and their layers. */
import {
  collect,
  createBlobStore,
  createCache,
  createDedupeStore,
  createDurableState,
  createHttp,
  createKeyValue,
  createQueue,
  createSecrets,
  CapabilityError,
  type Domain,
  domainOf,
  type HttpDriver,
  type Layer,
  ResourceBag,
  type ResourceFor,
  type ResourceName,
  retry,
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
import type { History } from './history.ts'
import type { Machine } from './machine.ts'
import type { World } from './world.ts'

/** Answers requests of nodes that use `http`, outside every process. */
export type Service = (request: Request) => Response | PromiseLike<Response>

export interface StoresOptions {
  readonly names: readonly string[]
  /** By origin, such as `https://pay.example`. */
  readonly services: Readonly<Record<string, Service>>
  readonly secrets: Readonly<Record<string, string>>
}

type Drivers = Map<string, object>

/** The stores of one world. Every machine gets its own bag over them. */
export class Stores {
  readonly #world: World
  readonly #options: StoresOptions
  readonly #history: History | undefined
  readonly #drivers: Drivers = new Map()

  /** @param history Records what machines ask of key-value stores and ledgers. */
  constructor(world: World, options: StoresOptions, history?: History) {
    this.#world = world
    this.#options = options
    this.#history = history
  }

  /** The bag of a machine; without one, the stores as they are, with no network between. */
  bagFor(machine?: Machine): ResourceBag {
    let bag: ResourceBag = ResourceBag.empty()
    for (const name of this.#options.names)
      bag = bag.with(name as ResourceName, this.#resource(name, machine) as never)
    return bag
  }

  /** One store without a network between. */
  quiet<const N extends ResourceName>(name: N): ResourceFor<N> {
    return this.#resource(name, undefined) as never
  }

  #resource(name: string, machine: Machine | undefined): object {
    const { clock, rng } = machine ?? this.#world.stores
    const domain = domainOf(name) as Domain
    const layers: readonly Layer[] = machine === undefined ? [] : [retry({ clock, rng })]
    const over = <D extends object>(driver: D): D =>
      machine === undefined ? driver : overNetwork(this.#world, name, driver, this.#history)
    const memory = <D extends object>(make: () => D): D => over(this.#driver(name, make))
    const storeClock = this.#world.stores.clock
    switch (domain) {
      case 'kv':
        return createKeyValue(
          memory(() => memoryKvDriver({ clock: storeClock })),
          { name, clock, layers },
        )
      case 'blob':
        return createBlobStore(
          memory(() => memoryBlobDriver({ clock: storeClock })),
          { name, layers },
        )
      case 'dedupe':
        return createDedupeStore(
          memory(() => memoryDedupeDriver({ clock: storeClock })),
          { name, rng, layers },
        )
      case 'queue':
        return createQueue(
          memory(() => memoryQueueDriver({ clock: storeClock })),
          { name, layers },
        )
      case 'state':
        return createDurableState(
          memory(() => memoryStateDriver({ clock: storeClock })),
          { name, layers },
        )
      case 'cache':
        return createCache(
          this.#driver(`${name} of ${machine?.name}`, () => memoryCacheDriver({ clock })),
          { name },
        )
      case 'http':
        return createHttp(over(serviceDriver(this.#options.services)), { name, layers })
      case 'secrets':
        return createSecrets(memorySecretsDriver(this.#options.secrets), { name })
      case 'clock':
        return clock
      case 'rng':
        return machineRng(machine ?? this.#world.stores)
      case 'db':
      case 'storage':
        throw new CapabilityError(
          'Unsupported',
          `a simulation has no store for "${name}": it simulates kv, blob, dedupe, queue, state, cache, http and secrets`,
        )
    }
  }

  #driver<D extends object>(name: string, make: () => D): D {
    const known = this.#drivers.get(name)
    if (known !== undefined) return known as D
    const made = make()
    this.#drivers.set(name, made)
    return made
  }
}

/** The driver with the network between: each call is a message to the real one. */
function overNetwork<D extends object>(world: World, to: string, driver: D, history?: History): D {
  return new Proxy(driver, {
    get(target, operation) {
      const value: unknown = Reflect.get(target, operation, target)
      if (typeof value !== 'function' || typeof operation !== 'string') return value
      const call = value as (...given: unknown[]) => unknown
      const send = (args: readonly unknown[]) => {
        const receive = () => {
          const answer: unknown = Reflect.apply(call, target, args)
          if (to === 'dedupe' && operation === 'begin') noteHolder(world, args[0], answer)
          return answer
        }
        const followed = history?.follow(to, operation, args, world.scheduler.current?.name ?? '')
        const sent = world.send({ to, operation, signal: signalOf(args), receive, copied: followed?.copied })
        if (followed !== undefined) sent.then(followed.answered, followed.failed)
        return sent
      }
      return (...args: readonly unknown[]) =>
        args.some((arg) => arg instanceof ReadableStream)
          ? Promise.all(args.map((arg) => whole(arg, { capability: to, operation }))).then(send)
          : send(args)
    },
  })
}

/** Remembers who holds a key, by the ledger's own answer. */
function noteHolder(world: World, key: unknown, answer: unknown): void {
  const { state, fence } = answer as { readonly state: string; readonly fence?: number }
  // Drivers get text keys with the prefix `t:`.
  if (state === 'fresh' && fence !== undefined) world.noteHolder(String(key).slice(2), fence)
}

/** A stream is read when it is sent: what arrives late is what was sent. */
function whole(arg: unknown, where: { readonly capability: string; readonly operation: string }): unknown {
  if (!(arg instanceof ReadableStream)) return arg
  return collect(arg as ReadableStream<Uint8Array>, Infinity, where)
}

/** The last argument of a driver's method may carry the caller's signal. */
function signalOf(args: readonly unknown[]): AbortSignal | undefined {
  const last = args.at(-1)
  if (last instanceof Request) return last.signal
  if (typeof last !== 'object' || last === null || !('signal' in last)) return undefined
  return last.signal instanceof AbortSignal ? last.signal : undefined
}

function serviceDriver(services: Readonly<Record<string, Service>>): HttpDriver {
  return {
    info: { provider: 'simulation', extensions: {} },
    async fetch(request) {
      const { origin } = new URL(request.url)
      const service = services[origin]
      if (service !== undefined) return service(request)
      const message = `a node calls ${origin}, and the simulation has no service for it: add it to "services"`
      throw new CapabilityError('Misconfigured', message)
    },
  }
}

function machineRng({ rng }: Machine) {
  return {
    ...rng,
    int: (min: number, max: number) => min + Math.floor(rng.float() * (max - min + 1)),
    bytes: (length: number) => Uint8Array.from({ length }, () => Math.floor(rng.float() * 256)),
  }
}
