import { resolve } from 'node:path'
import { createTestHarness } from 'wrangler'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const harness = createTestHarness({
  root: resolve(import.meta.dirname, 'queues'),
  workers: [{ configPath: 'wrangler.jsonc', vars: { LOG_LEVEL: 'silent' } }],
})
let url: URL
beforeAll(async () => {
  url = (await harness.listen()).url
})
afterAll(() => harness.close())

const seen = async () => (await (await fetch(new URL('/seen', url))).json()) as string[]
const of = async (id: string) => (await seen()).filter((line) => line.split(' ')[1] === id)

async function publish(...jobs: readonly unknown[]) {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jobs }),
  }
  expect((await fetch(new URL('/jobs', url), init)).status).toBe(202)
}

describe('queues of a Worker', () => {
  it('settle each message of a batch separately: handled once, retried alone, dead-lettered after its attempts', async () => {
    await publish({ id: 'good' }, { id: 'late', failures: 1 }, { id: 'bad', failures: 99 }, { id: 'fine' })
    await expect.poll(() => of('bad')).toEqual(['work bad 1', 'work bad 2', 'work bad 3', 'dead bad'])
    expect(await of('late')).toEqual(['work late 1', 'work late 2'])
    expect(await of('good')).toEqual(['work good 1'])
    expect(await of('fine')).toEqual(['work fine 1'])
  })

  it('dead-letter a message that no flow can read', async () => {
    await publish({ id: 'poison', failures: 'many' })
    await expect.poll(() => of('poison')).toEqual(['dead poison'])
  })
})

describe('schedules of a Worker', () => {
  it('run the flows that name them', async () => {
    const due = new Date('2026-11-24T10:05:00Z')
    await harness.getWorker().scheduled({ cron: '*/5 * * * *', scheduledTime: due })
    expect(await seen()).toContain('tick */5 * * * * 2026-11-24T10:05:00.000Z')
  })
})
