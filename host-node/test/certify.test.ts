/** Certifies small flows with real processes over a database file. The effects are counted outside these processes. */
import { silentLogger } from '@flowport/capabilities'
import { type AnyFlow, effectPromises, type Flow } from '@flowport/flow'
import { openProfile } from '@flowport/host-node'
import {
  type Certification,
  certificationText,
  certify,
  CertifyError,
  type CertifyOptions,
  type Fault,
  faults,
  violations,
} from '@flowport/host-node/certify'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Check } from 'typebox/schema'
import { describe, expect, it } from 'vitest'
import app, { atomic, once, repeatable, stamping, twice, wandering } from './support/certify/app.ts'
import { tempFolder } from './support/temp-folder.ts'

const module = new URL('support/certify/app.ts', import.meta.url)
const schema = JSON.parse(
  readFileSync(new URL('../certification.schema.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, unknown>>

type Order = { readonly id: string }
type Options = Partial<CertifyOptions<Order>> & { readonly faults: readonly Fault[] }

/** Creates a folder for the stores and a file for the effects. */
function world() {
  const folder = tempFolder()
  const file = join(folder, 'effects')
  const env = { ...process.env, FLOWPORT_DATA_DIR: folder, EFFECTS_FILE: file }
  const lines = () => (existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [])
  return {
    env,
    /** Returns the number of lines in the file for the key. */
    inFile: (key: string) => lines().filter((line) => line.startsWith(`${key} `)).length,
  }
}

async function certified<O, N>(flow: Flow<Order, O, N>, options: Options): Promise<Certification> {
  const { env, inFile } = world()
  const report = await certify(flow, {
    app: module,
    profile: 'local',
    env,
    input: (id) => ({ id }),
    count: inFile,
    concurrency: 16,
    ...options,
  })
  expect(Check(schema, JSON.parse(certificationText(report)))).toBe(true)
  return report
}

const vectorOf = ({ vectors }: Certification, fault: Fault, point: string | null = null) =>
  vectors.find((vector) => vector.fault === fault && vector.point === point)

// Most of the time is spent waiting for leases to end.
describe.concurrent('certify', { timeout: 90_000 }, () => {
  it('certifies an effect that is made once, under every fault', async () => {
    const report = await certified(once, { faults })
    expect(report).toMatchObject({
      ok: true,
      flow: { name: 'once' },
      callers: [],
      skipped: [],
      diagnostics: [],
    })
    expect(report.effects).toMatchObject([
      { node: 'never', verdict: 'once, unknown is said', violations: [] },
    ])
    expect(report.bindings).toMatchObject([
      { binding: 'dedupe', provider: 'sqlite', info: { reservation: 'atomic', durability: 'durable' } },
    ])
    const outcome = (fault: Fault, point: string | null) => {
      const { outcomes = [], effects = {} } = vectorOf(report, fault, point) ?? {}
      return [outcomes, effects['never']]
    }
    expect(outcome('repeat', null)).toEqual([['done'], [1]])
    expect(vectorOf(report, 'storm')).toMatchObject({ effects: { never: [1] }, violations: [] })
    expect(outcome('kill', 'before dedupe.renew')).toEqual([['done'], [1]])
    expect(outcome('kill', 'after dedupe.renew')).toEqual([['IDEM_UNKNOWN'], [0]])
    expect(outcome('kill', 'before dedupe.complete')).toEqual([['IDEM_UNKNOWN'], [1]])
    expect(outcome('stop', 'after dedupe.begin')).toEqual([['done > IDEM_LEASE_LOST > done'], [1]])
    expect(outcome('expiry', null)).toEqual([['done'], [2]])
    expect(outcome('forget', null)).toEqual([['done'], [2]])
  })

  it('certifies an atomic node as exactly once', async () => {
    const { env } = world()
    const opened = await openProfile({ app, profile: 'local', env, log: silentLogger })
    try {
      const kv = opened.bag.require('kv')
      const count = async (id: string) => Number((await kv.get(`placed/${id}`)) ?? 0)
      const report = await certified(atomic, { faults: ['storm', 'kill', 'stop'], env, count })
      expect(report).toMatchObject({ ok: true, effects: [{ node: 'place', verdict: 'exactly once' }] })
      expect(vectorOf(report, 'kill', 'after dedupe.commit')).toMatchObject({ outcomes: ['done'] })
      expect(JSON.stringify(report)).not.toContain('IDEM_UNKNOWN')
    } finally {
      await opened.bag.close()
    }
  })

  it('detects the second effect of a node that is run again over a sink that ignores keys', async () => {
    const report = await certified(twice, { faults: ['kill'] })
    expect(report).toMatchObject({
      ok: false,
      effects: [{ node: 'again', derived: 'at least once', verdict: 'violated', violations: ['duplicate'] }],
    })
    expect(vectorOf(report, 'kill', 'before dedupe.complete')).toMatchObject({
      effects: { again: [2] },
      violations: ['duplicate'],
    })
    expect(report.diagnostics).toMatchObject([{ code: 'IDEM031' }])
  })

  it('detects the second effect when the ledger is lost with the process', async () => {
    const report = await certified(once, { profile: 'forgetful', faults: ['kill'] })
    expect(report).toMatchObject({ ok: false, effects: [{ violations: ['duplicate'] }] })
  })

  it('detects a result without an effect', async () => {
    const report = await certified(once, { faults: ['repeat'], count: () => 0 })
    expect(report).toMatchObject({ ok: false, effects: [{ verdict: 'violated', violations: ['lost'] }] })
  })

  it('gives no verdict when effects are not counted', async () => {
    const { env } = world()
    const { count: _, ...uncounted } = { app: module, profile: 'local', env, count: undefined }
    const report = await certify(once, { ...uncounted, input: (id) => ({ id }), faults: ['repeat'] })
    expect(report).toMatchObject({ ok: false, effects: [{ verdict: 'not observed', violations: [] }] })
    expect(Check(schema, JSON.parse(certificationText(report)))).toBe(true)
  })

  it('gives no verdict when no payload led to an effect', async () => {
    const input = () => ({ id: 1 }) as never
    const report = await certified(once, { faults: ['repeat', 'storm'], input })
    expect(vectorOf(report, 'repeat')).toMatchObject({ outcomes: ['InvalidInput'], effects: { never: [0] } })
    expect(report).toMatchObject({ ok: false, effects: [{ verdict: 'not observed', violations: [] }] })
  })

  it('returns the same text for the same flow', async () => {
    const options = { faults: ['repeat', 'kill'] } as const
    const reports = await Promise.all([certified(once, options), certified(once, options)])
    const texts = reports.map(certificationText)
    expect(texts[0]).toBe(texts[1])
    expect(texts[0]).not.toContain('certify-')
  })
})

describe.concurrent('DET310', () => {
  const diagnosticsOf = async (flow: Flow<Order, unknown, never> | AnyFlow) =>
    (await certified(flow as Flow<Order, unknown, never>, { faults: ['determinism'] })).diagnostics

  it('points to the output value that comes from the system clock', async () => {
    expect(await diagnosticsOf(stamping)).toMatchObject([
      {
        code: 'DET310',
        severity: 'warning',
        location: { flow: 'stamping', node: 'stamp' },
        details: { pointer: '/times/1/at' },
      },
    ])
  })

  it('names a call that only the second run makes, and does not make it', async () => {
    expect(await diagnosticsOf(wandering)).toMatchObject([
      { code: 'DET310', location: { node: 'wander' }, details: { call: 'kv.put' } },
    ])
  })

  it('accepts time and randomness from uses, and nodes declared nondeterministic', async () => {
    expect(await diagnosticsOf(repeatable)).toEqual([])
  })
})

describe.concurrent('certify', () => {
  const base = { app: module, profile: 'local', input: (id: string) => ({ id }) }

  it.each([
    [{ attempts: 0 }, 'attempts must be a whole number from 1'],
    [{ concurrency: 1 }, 'concurrency must be a whole number from 2'],
    [{ faults: [] }, 'faults is empty'],
    [{ faults: ['quake' as Fault] }, 'there is no fault "quake"'],
    [{ leaseMs: 200_000 }, 'set a time limit above 400000 ms'],
  ])('refuses %o', async (options, message) => {
    await expect(certify(once, { ...base, ...options })).rejects.toThrow(message)
  })

  it('reports why a profile does not open', async () => {
    const env = { ...world().env, FLOWPORT_DATA_DIR: '/dev/null/none' }
    await expect(certify(once, { ...base, env })).rejects.toThrow(CertifyError)
  })

  it('fails at its time limit, and stops when its signal fires', async () => {
    const { env } = world()
    await expect(certify(once, { ...base, env, faults: ['storm'], timeLimitMs: 50 })).rejects.toThrow(
      'longer than its 50 ms',
    )
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(certify(once, { ...base, env, signal })).rejects.toThrow('enough')
  })

  it('refuses payloads that cannot be sent to another process', async () => {
    const { env } = world()
    const options = { ...base, env, faults: ['repeat'] as const, input: () => ({ id: 'a', run: () => 1 }) }
    await expect(certify(once, options)).rejects.toThrow('use plain data')
  })

  it('refuses a count for a node without effects', async () => {
    const { env } = world()
    const options = { ...base, env, faults: ['repeat'] as const }
    await expect(certify(once, { ...options, count: () => ({ other: 1 }) })).rejects.toThrow('"other"')
    await expect(certify(once, { ...options, count: () => 0.5 })).rejects.toThrow('a whole number')
  })
})

it('the published schema names every fault, promise and violation', () => {
  const { $defs } = schema as { $defs: Record<string, { enum?: unknown; items?: { enum: unknown } }> }
  expect($defs['fault']?.enum).toEqual(faults)
  expect($defs['promise']?.enum).toEqual(Object.keys(effectPromises))
  expect($defs['violations']?.items?.enum).toEqual(Object.keys(violations))
})
