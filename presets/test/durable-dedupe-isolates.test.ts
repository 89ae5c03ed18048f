import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestHarness, type TestHarness, unstable_startWorker } from 'wrangler'

const root = resolve(import.meta.dirname, 'workers')
const owner = 'ledger-owner'
const callers = [owner, 'caller-1', 'caller-2', 'caller-3'] as const

/** A Worker over the objects of the first, which is the only one that has them. */
function worker(name: string) {
  const of = name === owner ? {} : { script_name: owner }
  const classes = ['LedgerObject', 'KeyValueObject']
  return {
    name,
    main: 'durable-dedupe-caller.ts',
    compatibility_date: '2026-11-01',
    send_metrics: false,
    durable_objects: {
      bindings: [
        { name: 'LEDGER', class_name: 'LedgerObject', ...of },
        { name: 'KV_OBJECT', class_name: 'KeyValueObject', ...of },
      ],
    },
    ...(name === owner ? { migrations: [{ tag: 'v1', new_sqlite_classes: classes }] } : {}),
  }
}

describe('durable-dedupe, called from four Workers', () => {
  let harness: TestHarness | undefined

  beforeAll(async () => {
    harness = createTestHarness({ root, workers: callers.map((name) => ({ config: worker(name) })) })
    await harness.listen()
  })

  afterAll(() => harness?.close())

  async function ask(name: string, query: Record<string, string | number>): Promise<unknown> {
    const path = `http://caller/?${new URLSearchParams(Object.entries(query).map(([k, v]) => [k, String(v)]))}`
    const response = await (harness ?? expect.fail('not started')).getWorker(name).fetch(path)
    expect(response.status).toBe(200)
    return response.json()
  }

  for (const [how, more] of Object.entries({
    'an object of its own': {},
    'one of 4 objects': { shards: 4 },
  })) {
    it(`of 200 putIfAbsent at once on one key in ${how}, 50 from each, exactly one is true`, async () => {
      const query = { do: 'race', key: 'contended', calls: 50, ...more }
      const won = await Promise.all(callers.map((name) => ask(name, query)))
      expect(won.toSorted()).toEqual([0, 0, 0, 1])
      expect(await ask('caller-2', { ...query, calls: 1 })).toBe(0)
    })
  }

  it('what one Worker holds the next finds in flight, and what it completed done', async () => {
    const begun = (await ask('caller-1', { do: 'begin', key: 'work' })) as { state: string; token: string }
    expect(begun.state).toBe('fresh')
    expect(await ask('caller-2', { do: 'begin', key: 'work' })).toMatchObject({ state: 'in_flight' })
    await ask('caller-3', { do: 'forget', key: 'work' })
    const next = (await ask('caller-2', { do: 'begin', key: 'work' })) as { token: string }
    const late = { do: 'complete', key: 'work', token: begun.token, result: 'late' }
    expect(await ask('caller-1', late)).toBe(false)
    expect(await ask('caller-2', { ...late, token: next.token, result: 'right' })).toBe(true)
    expect(await ask(owner, { do: 'begin', key: 'work' })).toEqual({ state: 'done', result: 'right' })
  })

  it('a counter that all four raise by compare-and-swap loses nothing', async () => {
    const raises = callers.flatMap((name) => Array.from({ length: 5 }, () => name))
    const counts = await Promise.all(raises.map((name) => ask(name, { do: 'increment', key: 'counter' })))
    expect(counts.map(Number).toSorted((a, b) => a - b)).toEqual(raises.map((_, i) => i + 1))
  })
})

describe('durable-dedupe over a restart of workerd', () => {
  let directory = ''

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'flowport-durable-'))
  })

  afterAll(() => rm(directory, { recursive: true, force: true }))

  // Two starts of workerd, on machines that do other things too.
  it('reservations, holders and entries are there', { timeout: 120_000 }, async () => {
    const first = await started(directory)
    let token: string
    try {
      expect(await first.ask({ do: 'race', key: 'reserved', calls: 1 })).toBe(1)
      token = ((await first.ask({ do: 'begin', key: 'held' })) as { token: string }).token
      expect(await first.ask({ do: 'increment', key: 'counter' })).toBe(1)
    } finally {
      await first.stop()
    }
    const second = await started(directory)
    try {
      expect(await second.ask({ do: 'race', key: 'reserved', calls: 5 })).toBe(0)
      expect(await second.ask({ do: 'begin', key: 'held' })).toMatchObject({ state: 'in_flight' })
      expect(await second.ask({ do: 'complete', key: 'held', token, result: 'kept' })).toBe(true)
      expect(await second.ask({ do: 'begin', key: 'held' })).toEqual({ state: 'done', result: 'kept' })
      expect(await second.ask({ do: 'increment', key: 'counter' })).toBe(2)
    } finally {
      await second.stop()
    }
  })
})

/** A workerd of its own that keeps what is stored in `directory`. */
async function started(directory: string) {
  const config = join(directory, 'wrangler.json')
  await writeFile(config, JSON.stringify({ ...worker(owner), main: join(root, 'durable-dedupe-caller.ts') }))
  const running = await unstable_startWorker({
    config,
    dev: {
      persist: join(directory, 'state'),
      server: { hostname: '127.0.0.1', port: 0 },
      inspector: false,
      watch: false,
      logLevel: 'none',
    },
  })
  await running.ready
  return {
    ask: async (query: Record<string, string | number>): Promise<unknown> => {
      const search = new URLSearchParams(Object.entries(query).map(([k, v]) => [k, String(v)]))
      const response = await running.fetch(`http://worker/?${search}`)
      expect(response.status).toBe(200)
      return response.json()
    },
    stop: () => running.dispose(),
  }
}
