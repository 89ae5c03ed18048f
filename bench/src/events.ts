/** The events that `sse.ts` streams: the source of the server, and the body that every client must receive. */
export const eventCount = 50

export interface Tick {
  readonly sequence: number
  readonly status: 'up' | 'degraded'
  readonly at: string
  readonly text: string
}

/** Returns a tick of about 130 bytes as an event. */
export function tick(sequence: number): Tick {
  return {
    sequence,
    status: sequence % 4 === 3 ? 'degraded' : 'up',
    at: '2026-11-21T06:00:00.000Z',
    text: 'The quick brown fox.',
  }
}

/** Encodes one event as the plugin writes it. */
export function encodeTick(one: Tick): string {
  return `id: ${one.sequence}\nevent: tick\ndata: ${JSON.stringify(one)}\n\n`
}

export const preamble = 'retry: 3000\n\n'

/** Returns the complete body. */
export function wholeStream(): string {
  let text = preamble
  for (let sequence = 0; sequence < eventCount; sequence++) text += encodeTick(tick(sequence))
  return text
}
