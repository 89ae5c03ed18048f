/** Sends requests to the recorded flows, and reads answers as a client that disconnects. */
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

/** Returns the text up to the end of the event with this id. */
export function upTo(text: string, id: number): string {
  return text.slice(0, text.indexOf('\n\n', text.indexOf(`id: ${id}\n`)) + 2)
}

/** Reads until the event with this id has arrived, then disconnects. */
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

/** Reads at least `count` bytes, then disconnects. */
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

/** Repeats the request until it is no longer answered with 409. */
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

/** Runs `work` for each item, `atOnce` items at a time. */
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
