/**
 * The REST driver against code of Cloudflare's own: the "local explorer" of its emulator serves a part of the API. What
 * it leaves out is made up for here, or skipped with the reason.
 */
import { createKeyValue, prefix } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { kvConformance } from '@flowport/capabilities/testing'
import { afterAll, beforeAll } from 'vitest'
import { createTestHarness } from 'wrangler'
import { KvRestDriver } from '../src/cloudflare-kv/rest-driver.ts'
import type { Fetch } from '../src/cloudflare-kv/rest-client.ts'

const emulator = createTestHarness({
  root: import.meta.dirname,
  workers: [{ configPath: './workers/wrangler.jsonc' }],
})
let address: URL

beforeAll(async () => {
  address = (await emulator.listen()).url
})

afterAll(() => emulator.close())

/** The explorer has no accounts, and no metadata of one key: that is looked up among the keys. */
const fetch: Fetch = async (url, init) => {
  const [, path = ''] = /\/accounts\/[^/]+(\/.*)$/.exec(url) ?? []
  const at = (place: string) => new URL(`/cdn-cgi/explorer/api${place}`, address).href
  const [, namespace, name] = /^(.*)\/metadata\/(.*)$/.exec(path) ?? []
  if (namespace === undefined || name === undefined) return globalThis.fetch(at(path), init)
  const response = await globalThis.fetch(at(`${namespace}/keys?limit=10&prefix=${name}`), init)
  const { result } = (await response.json()) as { result: readonly { name: string; metadata?: unknown }[] }
  const listed = result.find((key) => key.name === decodeURIComponent(name))
  return Response.json({ success: true, result: listed?.metadata ?? null })
}

let cases = 0
const slow = 'takes the explorer long; it runs over the fake of the API and in workerd'
const withoutExpiry = 'the explorer neither keeps nor tells when an entry ends'

kvConformance("cloudflare-kv over REST, at the emulator's explorer", {
  clock: 'real',
  features: { list: true, metadata: true, conditional: false, bulk: true },
  open() {
    const driver = new KvRestDriver({
      accountId: 'account',
      namespaceId: '00000000000000000000000000000001',
      apiToken: 'unused',
      fetch,
      clock: systemClock,
    })
    return { kv: createKeyValue(driver, { layers: [prefix(`case-${++cases}/`)] }) }
  },
  skip: {
    'the end is told with the entry, and null where there is none': withoutExpiry,
    'the end is listed with the key': withoutExpiry,
    '68 years are kept and told; more is refused, and spoils no reading': withoutExpiry,
    'more than a thousand keys (1203) are listed, none lost and none twice': slow,
    'bytes of exactly maxValueBytes are kept, one byte more is LimitExceeded': slow,
    'maxValueBytes counts UTF-8 bytes of text, not characters': slow,
  },
})
