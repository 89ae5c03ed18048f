/** Tells whether two requests under one key are the same: by the type and the content of their bodies, not by their bytes. */

/** Hash of a body and of the headers that say how to read it. Two encodings of one form have the same fingerprint. */
export async function fingerprintOf(headers: Headers, body: ArrayBuffer): Promise<string> {
  const type = mediaTypeOf(headers.get('content-type'))
  const coding = (headers.get('content-encoding') ?? '').trim().toLowerCase()
  return hashOf(new TextEncoder().encode(JSON.stringify([type, coding, await contentOf(headers, body)])))
}

/** The type in lower case with its parameters, without the boundary of a form: a browser makes up another one each time. */
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
    // Not a form after all: the bytes decide.
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
