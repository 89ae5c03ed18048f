/** Pages of keys over the REST API, whose own pages hold no fewer than 10. */
import {
  CapabilityError,
  compareUtf8,
  decodeCursor,
  encodeCursor,
  type KvDriverList,
  type KvDriverPage,
} from '@flowport/capabilities'
import type { Envelope, RestClient } from './rest-client.ts'

/** https://developers.cloudflare.com/api/resources/kv/subresources/namespaces/subresources/keys/methods/list/ */
const minPage = 10

/** Where a page starts: at a cursor of the API, and behind a key when the page before ended within the API's page. */
interface Place {
  readonly cursor: string
  readonly after: string
}

interface ListedKey {
  readonly name: string
  readonly expiration?: number
  readonly metadata?: unknown
}

/** One page. A page smaller than the API's is cut from it, and the next one asks for the same again. */
export async function listPage(
  client: RestClient,
  { prefix, cursor, limit, signal }: KvDriverList,
): Promise<KvDriverPage> {
  const place = cursor === undefined ? { cursor: '', after: '' } : placeOf(cursor)
  const query = new URLSearchParams({ limit: String(Math.max(limit, minPage)) })
  if (prefix !== '') query.set('prefix', prefix)
  if (place.cursor !== '') query.set('cursor', place.cursor)
  const answer = await client.json(`/keys?${query.toString()}`, {}, signal)
  const listed = answer.result as readonly ListedKey[]
  const rest = listed.filter(({ name }) => place.after === '' || compareUtf8(name, place.after) > 0)
  const page = rest.slice(0, limit)
  const following = cursorOf(answer)
  const next =
    rest.length > page.length
      ? cursorFor({ cursor: place.cursor, after: page.at(-1)?.name ?? '' })
      : following === ''
        ? undefined
        : cursorFor({ cursor: following, after: '' })
  return {
    keys: page.map(({ name, expiration, metadata }) => ({
      key: name,
      expiresAt: expiration === undefined ? undefined : expiration * 1000,
      metadata,
    })),
    cursor: next,
  }
}

/** The API tells it in one of two places, depending on the age of its answer's form; empty at the end. */
function cursorOf({ result_info: info }: Envelope): string {
  const cursor = info?.cursor ?? info?.cursors?.after ?? ''
  return typeof cursor === 'string' ? cursor : ''
}

function cursorFor({ cursor, after }: Place): string {
  return encodeCursor(JSON.stringify([cursor, after]))
}

function placeOf(text: string): Place {
  const [cursor, after] = partsOf(decodeCursor(text))
  if (typeof cursor === 'string' && typeof after === 'string') return { cursor, after }
  throw new CapabilityError('InvalidInput', 'the cursor is of another store: pass the one of the page before')
}

function partsOf(text: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(text)
    return Array.isArray(parts) ? parts : []
  } catch {
    // Another driver's cursor holds no JSON: the same answer as for one that holds something else.
    return []
  }
}
