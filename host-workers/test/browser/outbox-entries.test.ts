/** The stored form of a request in an outbox, detection of repeated requests, and pauses of entries. */
import { CapabilityError, silentLogger } from '@flowport/capabilities'
import { createOutbox, type Outbox, type OutboxOptions } from '@flowport/host-workers/browser'
import { afterEach, describe, expect, it } from 'vitest'

const open: Outbox[] = []
afterEach(async () => {
  for (const outbox of open.splice(0)) await outbox.close()
})

function outboxOf(options: OutboxOptions = {}): Outbox & { readonly sent: Request[] } {
  const sent: Request[] = []
  const outbox = createOutbox({
    name: crypto.randomUUID(),
    auto: false,
    firstPauseMs: 1,
    maxPauseMs: 1,
    log: silentLogger,
    send: (request) => {
      sent.push(request)
      return Promise.resolve(new Response(null, { status: 204 }))
    },
    ...options,
  })
  open.push(outbox)
  return Object.assign(outbox, { sent })
}

/** Returns the outbox's entries as stored in IndexedDB, and optionally changes them. */
async function stored(outbox: Outbox, change?: (entry: Record<string, unknown>) => unknown) {
  const db = await new Promise<IDBDatabase>((resolve, reject) => {
    const opening = indexedDB.open(`flowport-outbox:${outbox.name}`)
    opening.addEventListener('success', () => resolve(opening.result))
    opening.addEventListener('error', () => reject(opening.error ?? new Error('not opened')))
  })
  const entries = db.transaction('entries', 'readwrite').objectStore('entries')
  const all = await new Promise<Record<string, unknown>[]>((resolve) => {
    const reading = entries.getAll()
    reading.addEventListener('success', () => resolve(reading.result as Record<string, unknown>[]))
  })
  if (change !== undefined) {
    for (const entry of all) entries.put(change(entry))
    await new Promise((resolve) => entries.transaction.addEventListener('complete', resolve))
  }
  db.close()
  return all
}

const kindOf = (call: Promise<unknown>) =>
  call.then(
    () => 'taken',
    (error: { readonly kind?: string }) => error.kind,
  )

describe('the same request under one key', () => {
  const form = (amount = '5', text = 'file') => {
    const body = new FormData()
    body.set('amount', amount)
    body.append('tag', 'a')
    body.append('tag', 'b')
    body.set('file', new File([text], 'Отчёт.txt', { type: 'text/plain' }))
    return body
  }

  it('is a form with the same fields and files, even with another boundary', async () => {
    const outbox = outboxOf()
    const id = await outbox.enqueue({ url: '/orders', body: form() }, { key: 'k' })
    expect(await outbox.enqueue({ url: '/orders', body: form() }, { key: 'k' })).toBe(id)
    expect(await outbox.enqueue(new Request('/orders', { method: 'POST', body: form() }), { key: 'k' })).toBe(
      id,
    )
    for (const other of [form('6'), form('5', 'other')])
      expect(await kindOf(outbox.enqueue({ url: '/orders', body: other }, { key: 'k' }))).toBe(
        'AlreadyExists',
      )
    expect(await outbox.pending()).toHaveLength(1)
  })

  it.each([
    ['text/plain', 'text/csv', 'AlreadyExists'],
    ['application/json', 'application/xml', 'AlreadyExists'],
    ['text/plain', 'text/plain; charset=iso-8859-1', 'AlreadyExists'],
    ['Text/Plain;  Charset=UTF-8', 'text/plain; charset=utf-8', 'taken'],
  ])('has the same content type: %s and %s', async (type, other, outcome) => {
    const outbox = outboxOf()
    const headers = (value: string) => ({ 'content-type': value })
    await outbox.enqueue({ url: '/a', body: 'x', headers: headers(type) }, { key: 'k' })
    expect(
      await kindOf(outbox.enqueue({ url: '/a', body: 'x', headers: headers(other) }, { key: 'k' })),
    ).toBe(outcome)
  })

  it('has the same content coding', async () => {
    const outbox = outboxOf()
    await outbox.enqueue({ url: '/a', body: 'x', headers: { 'content-encoding': 'gzip' } }, { key: 'k' })
    expect(await kindOf(outbox.enqueue({ url: '/a', body: 'x' }, { key: 'k' }))).toBe('AlreadyExists')
  })

  it('is recognised even if an earlier version queued it without a fingerprint', async () => {
    const outbox = outboxOf()
    const id = await outbox.enqueue({ url: '/a', json: { n: 1 } }, { key: 'k' })
    await stored(outbox, ({ fingerprint: _fingerprint, ...entry }) => entry)
    expect(await outbox.enqueue({ url: '/a', json: { n: 1 } }, { key: 'k' })).toBe(id)
    expect(await kindOf(outbox.enqueue({ url: '/a', json: { n: 2 } }, { key: 'k' }))).toBe('AlreadyExists')
    expect(
      await kindOf(
        outbox.enqueue(
          { url: '/a', body: '{"n":1}', headers: { 'content-type': 'text/plain' } },
          { key: 'k' },
        ),
      ),
    ).toBe('AlreadyExists')
  })
})

describe('methods', () => {
  it.each(['patch', 'Patch', 'PATCH', 'put', 'delete', 'merge'])(
    'are sent in upper case: %s',
    async (method) => {
      const outbox = outboxOf()
      await outbox.enqueue({ method, url: '/a', json: 1 })
      await outbox.enqueue(new Request('/b', { method, body: 'x' }))
      await outbox.flush()
      expect(outbox.sent.map((request) => request.method)).toEqual(Array(2).fill(method.toUpperCase()))
    },
  )

  it('in another case are the same effect', async () => {
    const outbox = outboxOf()
    const id = await outbox.enqueue({ method: 'patch', url: '/a' }, { key: 'k' })
    expect(await outbox.enqueue({ method: 'PATCH', url: '/a' }, { key: 'k' })).toBe(id)
  })

  it.each(['get', 'HEAD', 'options'])('without an effect are refused: %s', async (method) => {
    expect(await kindOf(outboxOf().enqueue({ method, url: '/a' }))).toBe('InvalidInput')
  })
})

describe('bodies', () => {
  it('are not loaded by pending and failed if they are large', async () => {
    const outbox = outboxOf()
    const large = new Uint8Array(1024 * 1024).fill(7)
    await outbox.enqueue({ url: '/large', body: large })
    await outbox.enqueue({ url: '/small', body: 'small' })
    const kept = await stored(outbox)
    expect(kept.map(({ body }) => body instanceof Blob)).toEqual([true, false])
    expect((await outbox.pending()).map(({ bodyBytes }) => bodyBytes)).toEqual([large.length, 5])
    await outbox.flush()
    expect(new Uint8Array((await outbox.sent[0]?.arrayBuffer()) ?? new ArrayBuffer())).toEqual(large)
    expect(outbox.sent[0]?.headers.get('content-type')).toBe(null)
  })

  it('keep their type, and are unchanged after failures', async () => {
    const bodies: string[] = []
    const outbox = outboxOf({
      send: async (request) => {
        const text = await request.text()
        bodies.push(`${request.headers.get('content-type')} ${text.length}`)
        return new Response(null, { status: bodies.length < 3 ? 503 : 204 })
      },
    })
    await outbox.enqueue({ url: '/a', json: 'x'.repeat(50_000) })
    for (let i = 0; i < 3; i++) await outbox.flush()
    expect(bodies).toEqual(Array(3).fill('application/json 50002'))
  })

  it('of an earlier version, stored as bytes, are sent', async () => {
    const outbox = outboxOf()
    await outbox.enqueue({ method: 'PATCH', url: '/a', body: 'x' })
    await stored(outbox, ({ fingerprint: _fingerprint, ...entry }) => ({
      ...entry,
      method: 'patch',
      body: new TextEncoder().encode('y'.repeat(50_000)).buffer,
    }))
    expect((await outbox.pending())[0]?.bodyBytes).toBe(50_000)
    expect(await outbox.flush()).toEqual({ sent: 1, failed: 0, pending: 0 })
    expect(outbox.sent[0]?.method).toBe('PATCH')
    expect(await outbox.sent[0]?.text()).toHaveLength(50_000)
  })
})

describe('credentials', () => {
  const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl'

  it.each([
    ['/a?access_token=marker-9c', 'access_token'],
    ['/a?api_key=marker-9c', 'api_key'],
    ['/a?sig=marker-9c&se=2030', 'sig'],
    ['/a?X-Amz-Signature=marker-9c', 'X-Amz-Signature'],
    ['/a?X-Amz-Credential=marker-9c', 'X-Amz-Credential'],
    ['/a?password=marker-9c', 'password'],
    [`/a?t=${jwt}`, 't'],
    ['/a?k=AIzamarker-9cmarker-9cmarker-9cmarker', 'k'],
  ])('in a query are refused, and not shown: %s', async (url, name) => {
    const outbox = outboxOf()
    const error = await outbox.enqueue({ url }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ kind: 'InvalidInput', code: 'OUTBOX_CREDENTIALS' })
    expect((error as Error).message).toContain(`query parameter ${name}`)
    expect(JSON.stringify(error) + String(error)).not.toMatch(/marker-9c|eyJ/)
    expect(await kindOf(outbox.enqueue(new Request(url, { method: 'POST' })))).toBe('InvalidInput')
    expect(await outbox.pending()).toEqual([])
  })

  it.each([
    ['x-auth', 'abc'],
    ['x-auth-user', 'abc'],
    ['x-session-id', 'abc'],
    ['x-hub-signature-256', 'abc'],
    ['x-custom', 'Bearer abcdefgh'],
    ['x-custom', jwt],
    ['ocp-apim-subscription-key', 'abc'],
  ])('in a header are refused: %s: %s', async (name, value) => {
    expect(await kindOf(outboxOf().enqueue({ url: '/a', headers: { [name]: value } }))).toBe('InvalidInput')
  })

  it('are stored if the app allows it', async () => {
    const outbox = outboxOf({ mayKeep: ['X-CSRF-Token', 'sig'] })
    await outbox.enqueue({ url: '/a?sig=abc', headers: { 'x-csrf-token': 't' } })
    expect(await kindOf(outbox.enqueue({ url: '/a?sig=abc&token=t' }))).toBe('InvalidInput')
    await outbox.flush()
    expect(outbox.sent.map(({ url, headers }) => [new URL(url).search, headers.get('x-csrf-token')])).toEqual(
      [['?sig=abc', 't']],
    )
  })

  it.each(['/a?state=open&key=17&session=3&author=me&page=2', '/tokens/1', '/a?sign=plus#access_token=x'])(
    'are not suspected in harmless URLs: %s',
    async (url) => {
      const outbox = outboxOf()
      await outbox.enqueue({
        url,
        headers: { 'idempotency-key': 'k', 'if-match': '"1"', 'x-request-id': 'r' },
      })
      // A fragment is neither sent nor stored.
      expect((await outbox.pending())[0]?.url).toBe(new URL(url.replace(/#.*$/, ''), location.href).href)
    },
  )
})

describe('a request that can never be sent', () => {
  it.each(['file:///etc/hosts', 'data:text/plain,x', 'blob:x', 'javascript:0', 'http://['])(
    'is refused when it is queued: %s',
    async (url) => {
      expect(await kindOf(outboxOf().enqueue({ url }))).toBe('InvalidInput')
    },
  )

  it.each(['TRACE', 'CONNECT', 'a b'])('is refused by its method: %s', async (method) => {
    expect(await kindOf(outboxOf().enqueue({ method, url: '/a' }))).toBe('InvalidInput')
  })

  it('from an earlier version fails with the reason, and later entries are sent', async () => {
    const outbox = outboxOf()
    for (const key of ['1', '2', '3']) await outbox.enqueue({ url: `/${key}` }, { key })
    await stored(outbox, (entry) => (entry['key'] === '1' ? { ...entry, url: 'file:///etc/hosts' } : entry))
    expect(await outbox.flush()).toEqual({ sent: 2, failed: 1, pending: 0 })
    expect(await outbox.failed()).toMatchObject([
      { key: '1', attempts: 1, problem: expect.stringContaining('file: URL') },
    ])
    expect(outbox.sent.map(({ url }) => new URL(url).pathname)).toEqual(['/2', '/3'])
  })

  it('fails if prepare throws a non-retryable error; after any other error it waits', async () => {
    const outbox = outboxOf({
      prepare: (request) => {
        if (!request.url.endsWith('/1')) return request
        throw new CapabilityError('InvalidInput', 'the order is gone', { retryable: 'never' })
      },
    })
    await outbox.enqueue({ url: '/1' }, { key: '1' })
    await outbox.enqueue({ url: '/2' }, { key: '2' })
    expect(await outbox.flush()).toEqual({ sent: 1, failed: 1, pending: 0 })
    expect((await outbox.failed())[0]?.problem).toContain('the order is gone')
  })
})

describe('a pause', () => {
  function clockAt(start: number) {
    let now = start
    return {
      now: () => now,
      monotonic: () => now,
      sleep: () => new Promise<void>(() => undefined),
      move: (ms: number) => (now += ms),
    }
  }

  it('is not lengthened by a clock that is set back', async () => {
    const clock = clockAt(1e12)
    const statuses = [503, 204]
    const outbox = outboxOf({
      clock,
      random: () => 0,
      send: () =>
        Promise.resolve(
          new Response(null, { status: statuses.shift() ?? 500, headers: { 'retry-after': '30' } }),
        ),
    })
    await outbox.enqueue({ url: '/a' })
    await outbox.flush()
    clock.move(-86_400_000)
    expect(await outbox.flush()).toMatchObject({ sent: 0, pending: 1 })
    expect((await outbox.pending())[0]?.nextAttemptAt).toEqual(new Date(clock.now() + 30_000))
    clock.move(29_999)
    expect(await outbox.flush()).toMatchObject({ sent: 0 })
    clock.move(1)
    expect(await outbox.flush()).toMatchObject({ sent: 1 })
  })

  it('of an earlier version without a stored length is at most a day', async () => {
    const clock = clockAt(1e12)
    const outbox = outboxOf({ clock })
    await outbox.enqueue({ url: '/a' })
    const far = { nextAt: 1e12 + 1e11, isAsked: true }
    await stored(outbox, ({ pauseMs: _pauseMs, ...entry }) => ({ ...entry, ...far }))
    await outbox.flush()
    clock.move(86_400_000)
    expect(await outbox.flush()).toMatchObject({ sent: 1 })
  })

  it('ends by the server’s clock if the server sends a date', async () => {
    const clock = clockAt(1e12)
    const headers = {
      date: new Date(2e12).toUTCString(),
      'retry-after': new Date(2e12 + 5_000).toUTCString(),
    }
    const outbox = outboxOf({
      clock,
      random: () => 0,
      send: () => Promise.resolve(new Response(null, { status: 503, headers })),
    })
    await outbox.enqueue({ url: '/a' })
    await outbox.flush()
    expect((await outbox.pending())[0]?.nextAttemptAt).toEqual(new Date(1e12 + 5_000))
  })
})

describe('a closed database', () => {
  it('is reopened by reads and writes', async () => {
    const outbox = outboxOf()
    await outbox.enqueue({ url: '/a' })
    for (const use of [() => outbox.pending(), () => outbox.enqueue({ url: '/b' })]) {
      await new Promise((resolve, reject) => {
        const deleting = indexedDB.deleteDatabase(`flowport-outbox:${outbox.name}`)
        deleting.addEventListener('success', resolve)
        deleting.addEventListener('error', () => reject(deleting.error ?? new Error('not deleted')))
      })
      await use()
    }
    expect(await outbox.flush()).toEqual({ sent: 1, failed: 0, pending: 0 })
  })
})
