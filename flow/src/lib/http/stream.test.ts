import { silentLogger } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { event } from '../node.ts'
import { streamBody } from './stream.ts'

/** What a stream writes, and whether it let go of its items. */
async function written(items: readonly unknown[], form: 'sse' | 'ndjson', result?: unknown): Promise<string> {
  async function* stream() {
    yield* items
    return result
  }
  let text = ''
  await streamBody(stream(), {
    form,
    flow: 'f',
    requestId: 'r',
    path: '/p',
    log: silentLogger,
    clock: systemClock,
  })({
    write: (chunk) => void (text += chunk),
  })
  return text
}

/** Reads events as the specification says: fields up to the first empty line. */
function readEvents(text: string): { event: string; id: string | undefined; data: string }[] {
  return text
    .split('\n\n')
    .slice(0, -1)
    .filter((block) => block.includes('data: '))
    .map((block) => {
      const field = (name: string) =>
        block
          .split('\n')
          .flatMap((line) => (line.startsWith(`${name}: `) ? [line.slice(name.length + 2)] : []))
      return { event: field('event')[0] ?? 'message', id: field('id')[0], data: field('data').join('\n') }
    })
}

describe('a streamed answer', () => {
  it('as events gives back every item, whatever text is in it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue()), async (items) => {
        const events = readEvents(await written(items, 'sse'))
        expect(events.map(({ data }) => JSON.parse(data) as unknown)).toEqual(
          JSON.parse(JSON.stringify(items)),
        )
      }),
    )
  })

  it('as lines gives back every item, one a line', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue()), async (items) => {
        const lines = (await written(items, 'ndjson')).split('\n').slice(0, -1)
        expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(JSON.parse(JSON.stringify(items)))
      }),
    )
  })

  it('cannot be broken out of by the name or id of an event', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.string(), async (name, id) => {
        const events = readEvents(
          await written(
            [event(`${name}\n\ndata: 1`, 0, { id: `${id}\r\nevent: x` }), event('next', 1)],
            'sse',
          ),
        )
        expect(events).toHaveLength(2)
        expect(events.map(({ data }) => data)).toEqual(['0', '1'])
      }),
    )
  })

  it('ends with its result', async () => {
    expect(await written([1], 'sse', { sum: 1 })).toMatch(/data: 1\n\nevent: result\ndata: \{"sum":1\}\n\n$/)
    expect(await written([1], 'ndjson', { sum: 1 })).toBe('1\n{"event":"result","data":{"sum":1}}\n')
  })

  describe('that is silent', () => {
    beforeEach(() => void vi.useFakeTimers())
    afterEach(() => void vi.useRealTimers())

    it('says so every 15 s, and stops when it ends', async () => {
      const next = Promise.withResolvers<void>()
      async function* stream() {
        yield 1
        await next.promise
        yield 2
      }
      let text = ''
      const done = streamBody(stream(), {
        form: 'sse',
        flow: 'f',
        requestId: 'r',
        path: '/p',
        log: silentLogger,
        clock: systemClock,
      })({
        write: (chunk) => void (text += chunk),
      })
      await vi.advanceTimersByTimeAsync(46_000)
      expect(text.match(/^: keep-alive$/gm)).toHaveLength(2)
      next.resolve()
      await done
      expect(vi.getTimerCount()).toBe(0)
    })
  })
})
