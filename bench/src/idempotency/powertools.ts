/** Makes a function idempotent with Powertools for AWS Lambda, whose cache layer gets a client over a `Map`. */
import { IdempotencyConfig, makeIdempotent } from '@aws-lambda-powertools/idempotency'
import { CachePersistenceLayer } from '@aws-lambda-powertools/idempotency/cache'

/** Implements the three Redis commands that the layer sends, because Powertools has no in-process store. */
class MapClient {
  readonly #values = new Map<string, { readonly text: string; readonly endsAt: number }>()

  async get(name: string): Promise<string | null> {
    return this.#live(name)
  }

  async set(
    name: string,
    text: string,
    { EX, NX = false }: { readonly EX: number; readonly NX?: boolean },
  ): Promise<string | null> {
    if (NX && this.#live(name) !== null) return null
    this.#values.set(name, { text, endsAt: Date.now() + EX * 1000 })
    return 'OK'
  }

  async del(names: string[]): Promise<number> {
    return names.filter((name) => this.#values.delete(name)).length
  }

  #live(name: string): string | null {
    const found = this.#values.get(name)
    return found === undefined || found.endsAt <= Date.now() ? null : found.text
  }
}

/**
 * The key is the input's field `id`. Inputs are not compared, because the cache layer drops the input's digest when it stores
 * the result, so its own validation would refuse every repetition.
 */
export function idempotentByPowertools<I, O>(work: (input: I) => Promise<O>): (input: I) => Promise<O> {
  const client = new MapClient()
  const persistenceStore = new CachePersistenceLayer({
    client: {
      get: (name) => client.get(name),
      set: (name, value, options) =>
        client.set(String(name), String(value), options as { readonly EX: number; readonly NX?: boolean }),
      del: (names) => client.del(names),
    },
  })
  const config = new IdempotencyConfig({ eventKeyJmesPath: 'id' })
  // Without a context the library warns on every call.
  const context = { getRemainingTimeInMillis: () => 30_000 }
  const wrapped = makeIdempotent((input: I, _context: object) => work(input), { persistenceStore, config })
  return (input) => wrapped(input, context)
}
