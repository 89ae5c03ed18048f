/** Deletes keys in one request, and those XML cannot name one by one. */
import { CapabilityError } from '@flowport/capabilities'
import type { S3Client } from './client.ts'
import { toBase64 } from './encode.ts'
import { md5 } from './md5.ts'
import { errorFor } from './translate-error.ts'
import { elements, escapeXml, isXmlText, text } from './xml.ts'

/** At most as many keys as the store takes at once; rejects when any is left. */
export async function deleteKeys(
  client: S3Client,
  keys: readonly string[],
  signal: AbortSignal | undefined,
  deleteOne: (key: string) => Promise<void>,
): Promise<void> {
  const named = keys.filter(isXmlText)
  if (named.length > 0) {
    const objects = named.map((key) => `<Object><Key>${escapeXml(key)}</Key></Object>`).join('')
    const body = encoder.encode(`<Delete xmlns="${namespace}"><Quiet>true</Quiet>${objects}</Delete>`)
    const xml = await client.sendForText({
      method: 'POST',
      query: { delete: '' },
      headers: { 'content-md5': toBase64(md5(body)), 'content-type': 'application/xml' },
      body,
      signal,
    })
    refuseErrors(xml)
  }
  for (const key of keys) if (!isXmlText(key)) await deleteOne(key)
}

function refuseErrors(xml: string): void {
  const errors = elements(xml, 'Error')
  const [first] = errors
  if (first === undefined) return
  const code = text(first, 'Code') ?? ''
  if (errors.every((error) => text(error, 'Code') === 'NoSuchKey')) return
  const { kind, retryable, details } = errorFor({
    status: 200,
    code,
    requestId: null,
    retryAfterMs: undefined,
  })
  throw new CapabilityError(
    kind,
    `the store kept ${errors.length} of the objects (${code}); delete them again`,
    {
      retryable,
      details: { ...details, kept: errors.length },
    },
  )
}

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/'
const encoder = new TextEncoder()
