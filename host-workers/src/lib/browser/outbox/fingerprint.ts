/**
 * Fingerprints a request by its body's type and content, not its bytes, to decide whether two requests under one key are the
 * same.
 */

/**
 * Hashes a body together with its content type and content encoding. Two encodings of the same form have the same fingerprint.
 */
export async function fingerprintOf(headers: Headers, body: ArrayBuffer): Promise<string> {
  const type = mediaTypeOf(headers.get('content-type'))
  const coding = (headers.get('content-encoding') ?? '').trim().toLowerCase()
  return hashOf(new TextEncoder().encode(JSON.stringify([type, coding, await contentOf(headers, body)])))
}

/**
 * Returns the media type in lower case with its parameters. Leaves out a form's boundary, which a browser chooses anew each
 * time.
 */
export function mediaTypeOf(header: string | null): string {
  const [essence = '', ...parameters] = (header ?? '').split(';').map((part) => part.trim().toLowerCase())
  const isForm = essence === formType
  return [
    essence,
    ...parameters.filter((one) => one !== '' && !(isForm && one.startsWith('boundary='))).toSorted(),
  ].join(';')
}

const formType = 'multipart/form-data'

async function contentOf(headers: Headers, body: ArrayBuffer): Promise<unknown> {
  const type = headers.get('content-type') ?? ''
  if (mediaTypeOf(type).split(';')[0] !== formType || headers.has('content-encoding')) return hashOf(body)
  let form: FormData
  try {
    form = await new Response(body, { headers: { 'content-type': type } }).formData()
  } catch {
    // The body is not a valid form, so it is compared by its bytes.
    return hashOf(body)
  }
  const parts: unknown[] = []
  for (const [name, value] of form) {
    if (typeof value === 'string') parts.push([name, value])
    else parts.push([name, value.name, value.type, await hashOf(await value.arrayBuffer())])
  }
  return parts
}

async function hashOf(bytes: BufferSource): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
