import type { HttpSink } from '@flowport/flow/http'
import { expect, it } from 'vitest'
import { pushedStream } from './response-body.ts'

it('wakes all writers that wait for the reader, a stream’s heartbeat as well as its items', async () => {
  let sink: HttpSink | undefined
  const ended = Promise.withResolvers<void>()
  const stream = pushedStream(
    (given) => {
      sink = given
      return ended.promise
    },
    () => undefined,
  )
  const reader = stream.getReader()
  const first = reader.read()
  await expect.poll(() => sink).toBeDefined()
  const waiting = [
    sink?.write('x'.repeat(100_000)),
    sink?.write('y'.repeat(100_000)),
    sink?.write(': keep-alive'),
  ]
  expect(waiting.filter((each) => each !== undefined)).not.toHaveLength(0)
  await first
  for (let i = 0; i < 2; i++) await reader.read()
  for (const woken of waiting) await woken
  ended.resolve()
  expect(await reader.read()).toMatchObject({ done: true })
})
