import { ManualClock } from '@flowport/capabilities/memory'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { defineApp } from '../../app.ts'
import { DiagnosticsError } from '../../diagnostics/diagnostic.ts'
import { flow } from '../../flow.ts'
import { deny } from '../../runtime/errors.ts'
import { manual } from '../../trigger.ts'
import { testApp } from '../../../testing.ts'
import {
  app,
  asking,
  counting,
  everyFive,
  Note,
  presetOf,
  putNote,
  strongInfo,
  weekly,
  worker,
  write,
} from './test/app.ts'

describe('testApp › invoke', () => {
  it('types input and answer by the flow', async () => {
    await using test = await testApp(app)
    const answer = await test.invoke(putNote, { id: 'a', text: 'hi' })
    expectTypeOf(answer).toEqualTypeOf<{ id: string; text: string }>()
    expect(answer).toEqual({ id: 'a', text: 'hi' })
    // @ts-expect-error a note has a text
    await expect(test.invoke(putNote, { id: 'a' })).rejects.toMatchObject({ failure: 'InvalidInput' })
    // @ts-expect-error the text of a note is no number
    await expect(test.invoke(putNote, { id: 'a', text: 1 })).rejects.toMatchObject({
      failure: 'InvalidInput',
    })
    // @ts-expect-error only flows with a queue are delivered to
    await expect(test.deliver(putNote, { id: 'a', text: 'hi' })).rejects.toThrow()
    // @ts-expect-error only flows with a schedule tick
    const ticking = test.tick(putNote)
    await expect(ticking).rejects.toThrow()
    // @ts-expect-error the app has no such profile
    await expect(testApp(app, { profile: 'nowhere' })).rejects.toThrow('there is no profile "nowhere"')
  })

  it('refuses a flow that is not in the app', async () => {
    await using test = await testApp(app)
    const other = flow('other', { trigger: manual({ input: Note }), graph: (it, step) => step(write, it) })
    await expect(test.invoke(other, { id: 'a', text: 'hi' })).rejects.toThrow(
      'flow "other" is not one of the app\'s flows',
    )
  })

  it('lists calls and leaves out those that the test makes through resources', async () => {
    await using test = await testApp(app)
    await test.invoke(putNote, { id: 'a', text: 'hi' })
    expect(await test.resources.require('kv').get('notes/a')).toBe('hi')
    expect(test.called).toEqual([
      { domain: 'kv', resource: 'kv', operation: 'put', key: 'notes/a', effect: 'write' },
    ])
  })
})

describe('testApp › stores', () => {
  it('state what the profile states, limits included, and open none of its presets', async () => {
    await using test = await testApp(app)
    expect(test.resources.require('kv').info).toEqual(strongInfo)
    await expect(
      test.invoke(putNote, { id: 'a', text: 'longer than the thirty bytes allowed' }),
    ).rejects.toMatchObject({
      cause: { kind: 'LimitExceeded' },
    })
  })

  it('a profile that states less than a flow needs is refused', async () => {
    const weak = presetOf('weak', { ...strongInfo, consistency: 'eventual' })
    const profiles = { local: [weak] }
    // @ts-expect-error CAP102
    const weakApp = defineApp({ flows: [putNote], profiles })
    const opening = testApp(weakApp)
    await expect(opening).rejects.toBeInstanceOf(DiagnosticsError)
    await expect(opening).rejects.toMatchObject({ diagnostics: [{ code: 'CAP102' }] })
  })
})

describe('testApp › fetch', () => {
  it('answers routes, the most fixed one first, and problems', async () => {
    await using test = await testApp(app)
    const init = { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{"text":"hi"}' }
    const put = await test.fetch('/notes/a%20b', init)
    expect([put.status, await put.json()]).toEqual([200, { id: 'a b', text: 'hi' }])
    expect(await (await test.fetch('/notes/a%20b')).json()).toEqual({ text: 'hi' })
    await test.fetch(new Request('http://localhost/notes/newest', { ...init, body: '{"text":"new"}' }))
    expect(await (await test.fetch('/notes/newest')).json()).toEqual({ text: 'new' })
    expect((await test.fetch('/notes/a%20b', { method: 'HEAD' })).status).toBe(200)
    const missing = await test.fetch('/nothing')
    expect([missing.status, await missing.json()]).toMatchObject([404, { code: 'NO_SUCH_ROUTE' }])
    const wrong = await test.fetch('/notes/a', { method: 'DELETE' })
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'PUT, GET, HEAD'])
    expect((await test.fetch('/notes/%ff')).status).toBe(400)
    expect((await test.fetch('/notes/a', { ...init, body: '{' })).status).toBe(400)
  })

  it('streams while the clock advances, and stops when the reader leaves', async () => {
    await using test = await testApp(app)
    const body = JSON.stringify({ to: 3 })
    const headers = { 'content-type': 'application/json', accept: 'application/x-ndjson' }
    const response = await test.fetch('/counts', { method: 'POST', headers, body })
    const text = response.text()
    await test.clock.advance(3_000)
    expect((await text).trim().split('\n')).toHaveLength(3)
    const left = await test.fetch('/counts', { method: 'POST', headers, body })
    await left.body?.cancel()
    await test.clock.advance(0)
    expect(test.clock.sleeping).toBe(0)
  })

  it('runs hooks with the request', async () => {
    const hooks = [
      {
        name: 'door',
        before: ({ request }: { readonly request: Request | undefined }) => {
          if (request?.headers.get('authorization') !== 'me')
            throw deny({ status: 401, code: 'WHO', message: 'Who?' })
        },
      },
    ]
    await using test = await testApp(app, { hooks })
    expect((await test.fetch('/notes/a')).status).toBe(401)
    expect((await test.fetch('/notes/a', { headers: { authorization: 'me' } })).status).toBe(200)
  })
})

describe('testApp › deliver', () => {
  it('reports done, retried after a pause, and done at last', async () => {
    await using test = await testApp(app)
    const [done] = await test.deliver(worker, { id: 'a' })
    expect(done).toMatchObject({ outcome: 'done', attempt: 1, body: { id: 'a' } })
    const [first] = await test.deliver(worker, [{ id: 'b', failures: 1 }])
    if (first?.outcome !== 'retried') return expect.fail('the message was not retried')
    expect(first.delayMs).toBeLessThanOrEqual(10_000)
    expect(await test.deliver(worker)).toEqual([])
    await test.clock.advance(first.delayMs)
    expect(await test.deliver(worker)).toMatchObject([{ outcome: 'done', attempt: 2, id: first.id }])
    expect(test.logged).toMatchObject([{ level: 'warn', fields: { flow: 'worker', attempt: 1 } }])
  })

  it('moves a message to the dead letters after its last attempt, and at once when it does not fit', async () => {
    await using test = await testApp(app)
    const outcomes: string[] = []
    await test.resources.require('queue:jobs').send({ wrong: true })
    await test.resources.require('queue:jobs').send({ id: 'c', failures: 9 })
    for (let round = 0; round < 3; round++) {
      for (const { outcome, attempt } of await test.deliver(worker)) outcomes.push(`${attempt} ${outcome}`)
      await test.clock.advance(3_600_000)
    }
    expect(outcomes).toEqual(['1 rejected', '1 retried', '2 retried', '3 rejected'])
    expect(await test.resources.require('queue:jobs').deadLetters()).toHaveLength(2)
  })
})

describe('testApp › tick', () => {
  it('runs a flow at its next moment', async () => {
    await using test = await testApp(app)
    const [run] = await test.tick(everyFive)
    expect(run).toEqual({ ok: true, flow: 'every-five', scheduledAt: new Date('2030-01-01T00:05:00Z') })
    expect(test.clock.now()).toBe(Date.UTC(2030, 0, 1, 0, 5))
    // Berlin is an hour ahead of UTC in January; 7 January 2030 is a Monday.
    expect(await test.tick(weekly)).toMatchObject([{ scheduledAt: new Date('2030-01-07T01:30:00Z') }])
  })

  it('runs everything that is due up to a moment', async () => {
    await using test = await testApp(app)
    const runs = await test.tick(new Date('2030-01-01T00:16:00Z'))
    expect(runs.map(({ scheduledAt }) => scheduledAt.getUTCMinutes())).toEqual([5, 10, 15])
    expect(await test.resources.require('kv').get('beat')).toBe('2030-01-01T00:15:00.000Z')
    expect(test.clock.now()).toBe(Date.UTC(2030, 0, 1, 0, 16))
    await expect(test.tick(new Date(0))).rejects.toThrow(RangeError)
  })
})

describe('testApp › http and secrets', () => {
  it('the test answers requests and gives secrets', async () => {
    const requests: Request[] = []
    await using test = await testApp(app, {
      secrets: { TOKEN: 'hush' },
      http: (request) => {
        requests.push(request)
        return new Response('hello')
      },
    })
    expect(await test.invoke(asking, {})).toEqual({ said: 'hello' })
    expect(requests.map(({ url, headers }) => [url, headers.get('authorization')])).toEqual([
      ['https://api.example/hello', 'hush'],
    ])
    expect(test.called.map(({ domain, operation }) => `${domain}.${operation}`)).toEqual([
      'secrets.get',
      'http.read',
    ])
  })

  it('refuses requests and secrets that the test does not give', async () => {
    await using withToken = await testApp(app, { secrets: { TOKEN: 'hush' } })
    await expect(withToken.invoke(asking, {})).rejects.toMatchObject({
      cause: { kind: 'Misconfigured', message: expect.stringContaining('option "http" of testApp') },
    })
    await using without = await testApp(app)
    await expect(without.invoke(asking, {})).rejects.toMatchObject({ cause: { kind: 'NotFound' } })
  })
})

describe('testApp › clock and close', () => {
  it('takes another clock, which is then the one it returns', async () => {
    const clock = new ManualClock(0)
    await using test = await testApp(app, { clock })
    expectTypeOf(test.clock).toEqualTypeOf<ManualClock>()
    expect(test.clock).toBe(clock)
  })

  it('close cancels what still runs', async () => {
    const test = await testApp(app)
    const stream = await test.invoke(counting, { to: 1_000 })
    const numbers: unknown[] = []
    const reading = (async () => {
      for await (const number of stream) numbers.push(number)
    })()
    await Promise.all([test.close(), expect(reading).rejects.toThrow()])
    await expect(test.invoke(putNote, { id: 'a', text: 'b' })).rejects.toMatchObject({ failure: 'Draining' })
  })
})
