/** Requests to the recorded flows, and clients that hang up. */
import { expect } from 'vitest'

export interface Wanted {
  readonly key: string
  readonly caller?: string | undefined
  readonly size?: number
  readonly waitMs?: number
  readonly lastEventId?: string
}

export function ask(
  url: string,
  path: string,
  { key, caller, size, waitMs, lastEventId }: Wanted,
  id = key,
): Promise<Response> {
  return fetch(url + path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'idempotency-key': key,
      ...(caller === undefined ? {} : { 'x-caller': caller }),
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    },
    body: JSON.stringify({ id, size, waitMs }),
  })
}

export const replayed = (response: Response) => response.headers.get('idempotency-replayed')

/** The text up to the end of the event with this id. */
export function upTo(text: string, id: number): string {
  return text.slice(0, text.indexOf('\n\n', text.indexOf(`id: ${id}\n`)) + 2)
}

/** Reads until an event with the id is there, then hangs up. */
export async function readUntil(response: Response, id: number): Promise<string> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  while (!text.includes(`id: ${id}\n`) || upTo(text, id) === '') {
    const read = await reader?.read()
    if (read?.value === undefined) throw new Error(`the stream ended before event ${id}: ${text}`)
    text += read.value
  }
  await reader?.cancel()
  return upTo(text, id)
}

/** Reads so many bytes or a few more, then hangs up. */
export async function readBytes(response: Response, count: number): Promise<Buffer> {
  const reader = response.body?.getReader()
  const chunks: Uint8Array[] = []
  for (let read = 0; read < count; ) {
    const { value } = (await reader?.read()) ?? {}
    if (value === undefined) throw new Error(`the body ended after ${read} bytes`)
    chunks.push(value)
    read += value.byteLength
  }
  await reader?.cancel()
  return Buffer.concat(chunks)
}

/** Asks until the answer is there, or a stream of it can be followed. */
export async function untilAnswered(send: () => Promise<Response>): Promise<Response> {
  let response = await send()
  const isAnswered = async () => {
    if (response.status !== 409) return true
    expect(((await response.json()) as { readonly code: string }).code).toBe('IDEM_IN_FLIGHT')
    response = await send()
    return response.status !== 409
  }
  await expect.poll(isAnswered, { timeout: 30_000 }).toBe(true)
  return response
}

/** Does the work for each item, `atOnce` of them at a time. */
export async function inTurns<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const entries = items.entries()
  const turns = Array.from({ length: atOnce }, async () => {
    for (const [index, item] of entries) await work(item, index)
  })
  await Promise.all(turns)
}
