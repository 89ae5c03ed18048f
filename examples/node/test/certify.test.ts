/** Certifies the example's orders with a gateway that charges on every call, and detects the double charges of broken apps. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Certification, DefinedCertification, Fault } from '@flowport/host-node/certify'
import { Check } from 'typebox/schema'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../../..')
const cli = join(root, 'host-node/src/cli.ts')
const app = join(root, 'examples/flows/src/app.ts')
const file = join(root, 'examples/node/src/certifications/post-order.ts')
/** Shorter than the declared lease of 10 s, which each killed and each stopped process would have to wait out. */
const leaseMs = 4_000

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowport-certify-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function start(args: readonly string[]): ChildProcess {
  const { PATH = '' } = process.env
  return spawn(process.execPath, [cli, '--app', app, 'certify', ...args], {
    cwd: folder,
    env: { PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function ended(child: ChildProcess) {
  const code = new Promise<number | null>((exited) => child.once('exit', exited))
  const read = (stream: ChildProcess['stdout']) => (stream === null ? Promise.resolve('') : text(stream))
  const [stdout, stderr] = await Promise.all([read(child.stdout), read(child.stderr)])
  return { code: await code, stdout, stderr }
}

describe.concurrent('the order of the example app', { timeout: 120_000 }, () => {
  it('is certified by the command, and the report matches the published schema', async () => {
    const report = join(folder, 'report.json')
    const options = ['--lease', String(leaseMs), '--report', report]
    const { code, stdout, stderr } = await ended(
      start(['post-order', '--effects', '--with', file, ...options]),
    )
    expect(stderr).toContain('stop: done')
    expect(stdout).toMatch(/^kill +before dedupe\.complete +IDEM_UNKNOWN +charge 1 +-$/m)
    expect(stdout).toMatch(/^storm .* charge 1 +-$/m)
    expect(stdout).toMatch(/^charge: once, unknown is said\ncertified$/m)
    expect(code).toBe(0)
    const schema = JSON.parse(
      readFileSync(new URL(import.meta.resolve('@flowport/host-node/certification.schema.json')), 'utf8'),
    ) as Readonly<Record<string, unknown>>
    const written = JSON.parse(readFileSync(report, 'utf8')) as Certification
    expect(Check(schema, written)).toBe(true)
    expect(written.vectors.map(({ violations }) => violations).flat()).toEqual([])
  })

  const brokenBy = async (module: string, faults: readonly Fault[]) => {
    const certification = (await import(file)) as { readonly default: DefinedCertification }
    const twin = new URL(`support/${module}`, import.meta.url)
    return certification.default.run({ app: twin, faults, leaseMs })
  }

  it('is not certified without a ledger: every call charges', async () => {
    const { ok, effects, callers, vectors } = await brokenBy('lying-app.ts', ['repeat', 'storm', 'kill'])
    expect(ok).toBe(false)
    expect(effects).toMatchObject([{ node: 'charge', verdict: 'violated', violations: ['duplicate'] }])
    expect(callers).toEqual(['disagreement'])
    expect(vectors.find(({ fault }) => fault === 'repeat')?.effects).toEqual({ charge: [4] })
    expect(vectors.find(({ fault }) => fault === 'storm')?.violations).toEqual(['disagreement', 'duplicate'])
    expect(vectors.find(({ point }) => point === 'after http:payments.write')?.effects).toEqual({
      charge: [2],
    })
  })

  it('is not certified when it is charged again at a gateway that ignores keys', async () => {
    const { ok, effects, vectors } = await brokenBy('again-app.ts', ['repeat', 'kill'])
    expect(ok).toBe(false)
    expect(effects).toMatchObject([{ derived: 'at least once', verdict: 'violated' }])
    const found = vectors.filter(({ violations }) => violations.includes('duplicate'))
    const faults = new Set(found.map(({ fault }) => fault))
    expect([...faults]).toEqual(['kill'])
  })
})

describe('flowport certify', { timeout: 120_000 }, () => {
  it.skipIf(process.platform !== 'linux')(
    'ends its processes at Ctrl+C, including a stopped one',
    async () => {
      const options = ['--lease', '60000', '--faults', 'stop']
      const child = start(['post-order', '--effects', '--with', file, ...options])
      const over = ended(child)
      const stopped = () => childrenOf(child.pid).filter(({ state }) => state === 'T')
      await expect.poll(() => stopped().length, { timeout: 60_000 }).toBe(1)
      const pids = childrenOf(child.pid).map(({ pid }) => pid)
      // Three processes of the app, and the gateway.
      expect(pids).toHaveLength(4)
      child.kill('SIGINT')
      expect(await over).toMatchObject({ code: 1, stderr: expect.stringContaining('interrupted') as string })
      const left = () => pids.filter((pid) => processes().some((each) => each.pid === pid))
      await expect.poll(left).toEqual([])
    },
  )
})

interface Process {
  readonly pid: number
  readonly parent: number
  readonly state: string
}

function processes(): readonly Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const [, state = '', parent] = /\) (\S) (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? []
        return [{ pid: Number(name), parent: Number(parent), state }]
      } catch {
        // The process has exited since the folder was read.
        return []
      }
    })
}

function childrenOf(parent: number | undefined): readonly Process[] {
  return processes().filter((each) => each.parent === parent)
}
