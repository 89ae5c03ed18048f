/**
 * A Worker that times store calls inside workerd: raw bindings, and presets with layers. Its clock advances only with I/O, and
 * every call here is I/O.
 */
import { DurableObject } from 'cloudflare:workers'
import { type DedupeStore, type KeyValue, silentLogger } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { cloudflareKv } from '@flowport/presets/cloudflare-kv'
import { durableDedupe } from '@flowport/presets/durable-dedupe'

export { LedgerObject } from '@flowport/presets/durable-dedupe/objects'

interface RawStub {
  begin(key: string): Promise<boolean>
  complete(key: string): Promise<boolean>
  nothing(): Promise<boolean>
}

interface Env {
  readonly KV: { get(key: string): Promise<string | null>; put(key: string, value: string): Promise<void> }
  readonly RAW: { getByName(name: string): RawStub }
}

/** The minimal hand-written object: a row per key, and one statement per step. */
export class RawObject extends DurableObject {
  readonly #sql

  constructor(ctx: ConstructorParameters<typeof DurableObject>[0], env: unknown) {
    super(ctx, env)
    this.#sql = ctx.storage.sql
    this.#sql.exec('CREATE TABLE IF NOT EXISTS steps (key TEXT PRIMARY KEY, state INTEGER) WITHOUT ROWID')
  }

  begin(key: string): boolean {
    this.#sql.exec('INSERT OR IGNORE INTO steps VALUES (?, 0)', key)
    return true
  }

  complete(key: string): boolean {
    this.#sql.exec('UPDATE steps SET state = 1 WHERE key = ?', key)
    return true
  }

  nothing(): boolean {
    return true
  }
}

const text = 'The quick brown fox. '.repeat(50)

async function opened(env: Env) {
  const context = { env: {}, log: silentLogger, clock: systemClock, bindings: { ...env } }
  const kv = await cloudflareKv().open(context)
  const ledger = await durableDedupe({ only: ['dedupe'], shards: 1 }).open(context)
  return {
    kv: kv.resources.get('kv') as unknown as KeyValue,
    ledger: ledger.resources.get('dedupe') as never,
  }
}

/** Does the named work `times` times, and resolves to the milliseconds it took. */
async function time(env: Env, name: string, times: number): Promise<number> {
  const { kv, ledger } = await opened(env)
  await env.KV.put('bench', text)
  const raw = env.RAW.getByName('bench')
  const run = `${Date.now()}-${Math.random()}`
  const work: Readonly<Record<string, (i: number) => Promise<unknown>>> = {
    'kv raw': () => env.KV.get('bench'),
    'kv flowport': () => kv.get('bench'),
    'rpc raw': async () => {
      await raw.nothing()
      return raw.nothing()
    },
    'steps raw': async (i) => {
      await raw.begin(`${run}-${i}`)
      return raw.complete(`${run}-${i}`)
    },
    'steps flowport': async (i) => {
      const store: DedupeStore = ledger
      const begun = await store.begin(`${run}-${i}`, { leaseMs: 30_000, fingerprint: 'f' })
      if (begun.state !== 'fresh') throw new Error('not fresh')
      return store.complete(`${run}-${i}`, begun.token, null, 60_000)
    },
  }
  const step = work[name]
  if (step === undefined) throw new Error(`there is no work "${name}"`)
  await step(-1)
  const start = performance.now()
  for (let i = 0; i < times; i++) if (!(await step(i))) throw new Error('wrong result')
  return performance.now() - start
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { searchParams } = new URL(request.url)
    const ms = await time(env, searchParams.get('name') ?? '', Number(searchParams.get('times')))
    return Response.json({ ms })
  },
}
