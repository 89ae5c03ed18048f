/** Deletes keys in one request, and keys that XML cannot hold one by one. Returns the kept keys with their errors. */
import { CapabilityError, isCapabilityError, maybeApplied, worstApplied } from '@flowport/capabilities'
import type { S3Client } from './client.ts'
import { keyPath, toBase64 } from '../object-http/encode.ts'
import { documentOf } from './object.ts'
import { errorFor } from './translate-error.ts'
import { elements, escapeXml, isXmlText, text } from '../object-http/xml.ts'

/** A key that was not deleted. */
export interface KeptKey {
  readonly key: string
  readonly error: CapabilityError
}

/** Takes at most as many keys as one request of the store. Resolves the kept keys. Absent ones count as deleted. */
export async function deleteKeys(
  client: S3Client,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<KeptKey[]> {
  // No key that names another object goes out in a list either.
  for (const key of keys) keyPath(key)
  const named = keys.filter(isXmlText)
  const kept = named.length === 0 ? [] : await deleteNamed(client, named, signal)
  for (const key of keys) {
    if (isXmlText(key)) continue
    try {
      await client.sendForHeaders({ method: 'DELETE', key, signal, expect: [404] })
    } catch (error) {
      if (!isCapabilityError(error) || signal?.aborted === true)
        throw keys.length === 1 ? error : maybeApplied(error)
      kept.push({ key, error })
    }
  }
  return kept
}

/** Rejects when any of the `asked` keys was kept. */
export function refuseKept(kept: readonly KeptKey[], asked: number): void {
  const [first] = kept
  if (first === undefined) return
  const { kind, retryable, details, retryAfterMs } = first.error
  const code = details?.['s3'] ?? kind
  throw new CapabilityError(
    kind,
    `the store kept ${kept.length} of the objects (${String(code)}); delete them again`,
    {
      retryable,
      applied: kept.length < asked ? 'unknown' : worstApplied(...kept.map(({ error }) => error.applied)),
      retryAfterMs,
      details: { ...details, kept: kept.length, keys: kept.map(({ key }) => key) },
    },
  )
}

async function deleteNamed(
  client: S3Client,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<KeptKey[]> {
  const objects = keys.map((key) => `<Object><Key>${escapeXml(key)}</Key></Object>`).join('')
  const body = encoder.encode(`<Delete xmlns="${namespace}"><Quiet>true</Quiet>${objects}</Delete>`)
  const digest = client.digests.running('md5')
  digest.update(body)
  const xml = await client.sendForText({
    method: 'POST',
    query: { delete: '' },
    headers: { 'content-md5': toBase64(digest.digest()), 'content-type': 'application/xml' },
    body,
    signal,
  })
  const failed = elements(documentOf(xml, 'DeleteResult'), 'Error')
  return failed.flatMap((entry) => {
    const code = text(entry, 'Code') ?? ''
    if (code === 'NoSuchKey') return []
    const error = errorFor({ status: 200, code, requestId: null, retryAfterMs: undefined })
    return [{ key: text(entry, 'Key') ?? '', error }]
  })
}

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/'
const encoder = new TextEncoder()
