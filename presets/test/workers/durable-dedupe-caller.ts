/**
 * A Worker that uses `durable-dedupe` as an app does. `durable-dedupe-isolates.test.ts` runs several of them against the
 * objects of one.
 */
import { type DedupeStore, type KeyValue, silentLogger } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { durableDedupe } from '../../src/durable-dedupe/preset.ts'

export { KeyValueObject, LedgerObject } from '../../src/durable-dedupe/objects.ts'

const minute = 60_000

export default {
  /** `?do=race&key=k&calls=50` and so on; answers JSON. */
  async fetch(request: Request, env: Cloudflare.Env): Promise<Response> {
    const { searchParams } = new URL(request.url)
    const shards = searchParams.get('shards')
    const { resources } = await durableDedupe(shards === null ? {} : { shards: Number(shards) }).open({
      bindings: { ...env },
      env: {},
      log: silentLogger,
      clock: systemClock,
    })
    const dedupe = resources.get('dedupe') as unknown as DedupeStore
    const kv = resources.get('kv') as unknown as KeyValue
    const key = searchParams.get('key') ?? ''
    const text = (name: string) => searchParams.get(name) ?? ''
    switch (text('do')) {
      case 'race': {
        const calls = Array.from({ length: Number(text('calls')) }, () => dedupe.putIfAbsent(key, minute))
        return Response.json((await Promise.all(calls)).filter(Boolean).length)
      }
      case 'begin':
        return Response.json(await dedupe.begin(key, { leaseMs: minute, fingerprint: 'f' }))
      case 'complete':
        return Response.json(await dedupe.complete(key, text('token'), text('result'), minute))
      case 'forget':
        await dedupe.forget(key)
        return Response.json(null)
      case 'increment': {
        for (;;) {
          const entry = await kv.getWithMetadata(key)
          const condition = entry?.version ? { ifVersion: entry.version } : { ifAbsent: true }
          const next = Number(entry?.value ?? 0) + 1
          const written = await kv.put(key, String(next), condition).then(
            () => true,
            () => false,
          )
          if (written) return Response.json(next)
        }
      }
      case 'get':
        return Response.json(await kv.get(key))
      default:
        return new Response('unknown', { status: 404 })
    }
  },
}
