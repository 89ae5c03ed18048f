/**
 * Runs the pieces that `beside.ts` compares, with the source of the checkout in its argument. Uses only features that commit
 * c37da7a already had.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as Capabilities from '@flowport/capabilities'
import type * as System from '@flowport/capabilities/system'
import type * as Flow from '@flowport/flow'
import type * as Memory from '@flowport/presets/memory'
import type * as Sqlite from '@flowport/presets/sqlite'
import type { Asked, Told } from './piece-process.ts'
import { fingerprint, leaseMs, result, ttlMs } from './shared.ts'

const root = resolve(process.argv[2] ?? '.')
const load = (path: string): Promise<unknown> => import(pathToFileURL(join(root, path)).href)
const { openProviders, silentLogger } = (await load('capabilities/src/index.ts')) as typeof Capabilities
const { systemClock } = (await load('capabilities/src/system.ts')) as typeof System
const { createRuntime, flow, manual, node, opaque } = (await load('flow/src/index.ts')) as typeof Flow
const { memory } = (await load(presetFile('memory'))) as typeof Memory
const { sqlite } = (await load(presetFile('sqlite'))) as typeof Sqlite

/** The file of a preset's entry in the checkout: earlier ones name a file for each runtime. */
function presetFile(name: string): string {
  const manifest = JSON.parse(readFileSync(join(root, 'presets/package.json'), 'utf8')) as {
    exports: Record<string, string | { node: string }>
  }
  const entry = manifest.exports[`./${name}`] ?? ''
  return join('presets', typeof entry === 'string' ? entry : entry.node)
}

const directory = mkdtempSync(join(tmpdir(), 'flowport-bench-'))
const open = (provider: ReturnType<typeof memory> | ReturnType<typeof sqlite>) =>
  openProviders(
    [provider],
    { clock: systemClock, others: new Map() },
    { env: {}, log: silentLogger, bindings: {} },
  )
const bags = {
  memory: await open(memory()),
  sqlite: await open(sqlite({ path: join(directory, 'normal.sqlite'), synchronous: 'NORMAL' })),
  sqliteFull: await open(sqlite({ path: join(directory, 'full.sqlite'), synchronous: 'FULL' })),
}

interface Order {
  readonly id: string
}

function orders(begins: 'handler' | 'effect') {
  const write = node('write', {
    input: opaque<Order>(),
    output: opaque<typeof result>(),
    uses: { kv: 'write' },
    idempotency: { key: '/id', unknown: 'never', begins },
    async run({ id }, { kv }) {
      await kv.put(`order/${id}`, 'accepted')
      return result
    },
  })
  return flow(begins, {
    trigger: manual({ input: opaque<Order>() }),
    graph: (order, step) => step(write, order),
  })
}

const flows = { handler: orders('handler'), effect: orders('effect') }
let at = 0

async function work({ store, piece, times }: Asked): Promise<void> {
  const bag = bags[store]
  const dedupe = bag.require('dedupe')
  const runtime = createRuntime(bag, { deadlineMs: 30_000 })
  for (let i = 0; i < times; i++) {
    const id = `orders/${at++}`
    if (piece !== 'steps') {
      await runtime.invoke(flows[piece], { input: { id } })
      continue
    }
    const begun = await dedupe.begin(id, { leaseMs, fingerprint })
    if (begun.state !== 'fresh' || !(await dedupe.complete(id, begun.token, result, ttlMs)))
      throw new Error('the key was not new')
  }
}

const tell = (told: Told) => process.send?.(told)

process.on('message', (asked: Asked) => {
  const start = performance.now()
  const cpu = process.cpuUsage()
  void work(asked).then(() => {
    const { user, system } = process.cpuUsage(cpu)
    tell({ kind: 'done', wallMicros: (performance.now() - start) * 1000, cpuMicros: user + system })
  })
})
process.once('disconnect', () => {
  rmSync(directory, { recursive: true, force: true })
  process.exit()
})
tell({ kind: 'ready' })
