import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { giveUpHeader, type RunningWorkerd, serveWorkerd } from '@flowport/host-workers/testing'

let worker: RunningWorkerd | undefined
beforeAll(async () => {
  worker = await serveWorkerd(resolve(import.meta.dirname, 'worker/worker.ts'))
})
afterAll(() => worker?.close())

const ask = (path: string, init?: RequestInit) => fetch(`${worker?.url}${path}`, init)
const probe = async (id: string) => (await ask(`/probe/${id}`)).json()

describe('when the platform cancels a request', () => {
  it('fires the node’s signal before the answer, and the run ends', async () => {
    const headers = { 'content-type': 'application/json', [giveUpHeader]: '200' }
    const answer = await ask('/waits', { method: 'POST', headers, body: '{"id":"waiting"}' })
    expect(answer.status).toBe(500)
    await answer.text()
    await expect.poll(() => probe('waiting')).toEqual(['started', 'aborted'])
  })

  it('continues a run whose answer is recorded, and replays it', async () => {
    const body = JSON.stringify({ id: 'recorded', what: 'value', waitMs: 600 })
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'gone' }
    const given = await ask('/recorded', {
      method: 'POST',
      headers: { ...headers, [giveUpHeader]: '200' },
      body,
    })
    expect(given.status).toBe(500)
    await given.text()
    const again = async () => {
      const response = await ask('/recorded', { method: 'POST', headers, body })
      return [response.status, response.headers.get('idempotency-replayed'), await response.json()]
    }
    await expect.poll(again).toEqual([200, 'true', { count: 1 }])
  })
})
