/** `flowport ledger` as an operator runs it, on a ledger in a file and in a bucket. */
import type { DedupeStore } from '@flowport/capabilities'
import { silentLogger } from '@flowport/capabilities'
import type { App } from '@flowport/flow'
import { openProfile } from '@flowport/host-node'
import { clientFor, createBucket } from '@flowport/presets/test/s3-bucket'
import { startRadosgw, withoutRadosgw } from '@flowport/presets/test/radosgw'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const cli = resolve(import.meta.dirname, '../src/cli.ts')
const bucketServer = await startRadosgw()

let folder = ''
let file = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowport-ledger-'))
  file = join(folder, 'app.ts')
  const from = (name: string) => JSON.stringify(import.meta.resolve(name))
  writeFileSync(
    file,
    `import { defineApp, flow, manual, node } from ${from('@flowport/flow')}
     import { durableDedupe } from ${from('@flowport/presets/durable-dedupe')}
     import { memory } from ${from('@flowport/presets/memory')}
     import { s3Dedupe } from ${from('@flowport/presets/s3')}
     import { sqlite } from ${from('@flowport/presets/sqlite')}
     import * as z from ${from('zod')}
     const Order = z.object({ id: z.string() })
     const charge = node('charge', {
       input: Order, output: z.object({ charge: z.string() }), uses: { kv: 'write' }, idempotency: { key: '/id', unknown: 'never' },
       run: ({ id }) => ({ charge: 'made for ' + id }),
     })
     const orders = flow('orders', { trigger: manual({ input: Order }), graph: (it, step) => step(charge, it) })
     export default defineApp({ flows: [orders], profiles: {
       local: [sqlite({ only: ['kv', 'dedupe'] })],
       bucket: [memory({ only: ['kv'] }), s3Dedupe()],
       transient: [memory()],
       workers: [durableDedupe()],
     } })`,
  )
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

type Env = Readonly<Record<string, string>>

async function ledger(args: readonly string[], env: Env = {}) {
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, [cli, '--app', file, ...args], {
    cwd: folder,
    env: { PATH, FLOWPORT_DATA_DIR: join(folder, 'data'), ...env },
  })
  child.stdin.end()
  const code = new Promise<number | null>((exited) => child.once('exit', exited))
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await code, stdout, stderr }
}

const json = async (args: readonly string[], env?: Env) => {
  const { code, stdout } = await ledger([...args, '--json'], env)
  return { code, answer: JSON.parse(stdout) as Record<string, unknown> & { keys: { key: string }[] } }
}

/** Leaves keys unknown, like a process that dies in the middle of an effect. Resolves to their fences. */
async function leave(profile: string, keys: readonly (string | Uint8Array)[], env: Env = {}) {
  const { default: app } = (await import(file)) as { default: App }
  const variables = { FLOWPORT_DATA_DIR: join(folder, 'data'), ...env }
  const { bag } = await openProfile({ app, profile, env: variables, log: silentLogger })
  const dedupe: DedupeStore = bag.require('dedupe')
  const fences: string[] = []
  for (const key of keys) {
    const begun = await dedupe.begin(key, { leaseMs: 60_000, fingerprint: '{"id":"7"}', started: true })
    if (begun.state !== 'fresh') return expect.fail('a new key must be fresh')
    await dedupe.abandon(key, begun.token)
    fences.push(String(begun.fence))
  }
  await bag.close()
  return fences
}

const said = ['--by', 'anna', '--why', 'asked the bank']

describe('flowport ledger, on a file', () => {
  it('lists, shows and settles as done: the next run gets the result', async () => {
    expect(await ledger(['ledger', 'list'])).toMatchObject({ code: 0, stdout: 'no unknown keys\n' })
    const [fence = ''] = await leave('local', ['orders/charge:7'])
    const { stdout } = await ledger(['ledger', 'list'])
    expect(stdout).toMatch(/^KEY +NODE +FENCE +SINCE\n/)
    expect(stdout).toContain(`orders/charge:7  orders / charge  ${fence}`)
    expect(await json(['ledger', 'show', 'orders/charge:7'])).toMatchObject({
      code: 0,
      answer: { ok: true, command: 'ledger show', flow: 'orders', node: 'charge', id: '7', state: 'unknown' },
    })
    const settle = [
      'ledger',
      'settle',
      'orders/charge:7',
      ...said,
      '--done',
      '{"charge":"ch_1"}',
      '--any-caller',
    ]
    const settled = await ledger([...settle, '--fence', fence])
    expect(settled).toMatchObject({ code: 0, stdout: expect.stringMatching(/outcome +done/) as string })
    // The audit lines contain the fences, who and why, but never the result.
    const lines = settled.stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown)
    expect(lines).toMatchObject([
      {
        code: 'LEDGER_SETTLED',
        phase: 'taken over',
        by: 'anna',
        why: 'asked the bank',
        fence: Number(fence),
      },
      { code: 'LEDGER_SETTLED', phase: 'settled', key: 'orders/charge:7' },
    ])
    expect(settled.stderr + settled.stdout).not.toContain('ch_1')
    const run = await ledger(['run', 'orders', '--input', '{"id":"7"}'])
    expect(JSON.parse(run.stdout)).toEqual({ charge: 'ch_1' })
    const again = await json([...settle, '--fence', fence])
    expect(again).toMatchObject({
      code: 1,
      answer: { ok: false, error: { code: 'LEDGER_NOT_UNKNOWN', details: { state: 'done' } } },
    })
  })

  it('shows requests and results only with --reveal, and control characters as escapes', async () => {
    await leave('local', ['orders/charge:\u001b[2J', new Uint8Array([1, 255])])
    const listed = await ledger(['ledger', 'list'])
    expect(listed.stdout).toContain('orders/charge:\\u001b[2J')
    expect(listed.stdout).toContain('Af8 (--bytes)')
    const bytes = ['ledger', 'show', 'Af8', '--bytes']
    expect((await ledger(bytes)).stdout).not.toContain('{"id":"7"}')
    expect((await ledger([...bytes, '--reveal'])).stdout).toContain('{"id":"7"}')
  })

  it('settles as not done: the next run makes the effect; an outdated fence is refused', async () => {
    const [fence = ''] = await leave('local', ['orders/charge:8'])
    const settle = ['ledger', 'settle', 'orders/charge:8', ...said, '--not-done']
    const refused = await ledger([...settle, '--fence', '1'])
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toMatch(/error\[LEDGER_FENCE\]/)
    expect((await ledger([...settle, '--fence', fence])).code).toBe(0)
    const run = await ledger(['run', 'orders', '--input', '{"id":"8"}'])
    expect(JSON.parse(run.stdout)).toEqual({ charge: 'made for 8' })
  })

  it.each([
    ['neither outcome', []],
    ['both outcomes', ['--done', '1', '--not-done']],
    ['a result that is not JSON', ['--done', '{']],
    ['two callers', ['--done', '1', '--caller', 'ann', '--any-caller']],
    ['a fence that is not a number', ['--not-done', '--fence', '1e3']],
  ])('%s is wrong usage', async (_, more) => {
    const settle = ['ledger', 'settle', 'key', '--fence', '1', ...said, ...more]
    expect(await ledger(settle)).toMatchObject({ code: 2, stdout: '' })
  })

  it('a missing --by or --why is wrong usage', async () => {
    const settle = ['ledger', 'settle', 'key', '--fence', '1', '--not-done']
    expect((await ledger([...settle, '--why', 'w'])).stderr).toContain('--by')
    expect((await ledger([...settle, '--by', 'b'])).stderr).toContain('--why')
  })

  it('explains how to settle a ledger of Workers or in memory', async () => {
    for (const profile of ['workers', 'transient']) {
      const { code, stderr } = await ledger(['ledger', 'list', '--profile', profile])
      expect([profile, code]).toEqual([profile, 1])
      expect(stderr).toContain("operations: { ledger: 'guarded' }")
      expect(stderr).toContain('/flowport/ledger')
    }
  })
})

describe.skipIf(bucketServer === null)(
  `flowport ledger, on a bucket${bucketServer === null ? `: ${withoutRadosgw}` : ''}`,
  () => {
    it('lists and settles unknown keys', async () => {
      if (bucketServer === null) throw new Error(withoutRadosgw)
      await createBucket(clientFor(bucketServer, 'ledger-cli'))
      const env = {
        S3_BUCKET: 'ledger-cli',
        S3_PROVIDER: 'ceph',
        S3_ENDPOINT: bucketServer.endpoint,
        S3_ACCESS_KEY_ID: bucketServer.accessKeyId,
        S3_SECRET_ACCESS_KEY: bucketServer.secretAccessKey,
      }
      const keys = Array.from({ length: 5 }, (_, i) => `orders/charge:${i}`)
      const [fence = ''] = await leave('bucket', keys, env)
      const inBucket = ['--profile', 'bucket']
      const all = await json(['ledger', 'list', ...inBucket], env)
      expect(all.answer.keys.map(({ key }) => key).toSorted()).toEqual(keys)
      expect((await json(['ledger', 'list', '--limit', '2', ...inBucket], env)).answer.keys).toHaveLength(2)
      const settle = ['ledger', 'settle', 'orders/charge:0', ...said, '--not-done', '--fence', fence]
      expect(await ledger([...settle, ...inBucket], env)).toMatchObject({ code: 0 })
      expect(await json(['ledger', 'show', 'orders/charge:0', ...inBucket], env)).toMatchObject({
        answer: { state: 'free' },
      })
    })
  },
)
