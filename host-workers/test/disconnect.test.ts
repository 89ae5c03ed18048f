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

describe('when the platform gives a request up', () => {
  it('fires the node’s signal before there is an answer, and the run ends', async () => {
    const headers = { 'content-type': 'application/json', [giveUpHeader]: '200' }
    const answer = await ask('/waits', { method: 'POST', headers, body: '{"id":"waiting"}' })
    expect(answer.status).toBe(500)
    await answer.text()
    await expect.poll(() => probe('waiting')).toEqual(['started', 'aborted'])
  })
})
