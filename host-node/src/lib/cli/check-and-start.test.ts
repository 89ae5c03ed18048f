import { silentLogger } from '@flowport/capabilities'
import { type AnyFlow, type App, cron, type Diagnostic, DiagnosticsError } from '@flowport/flow'
import { defineApp, flow, http, manual, node, queue } from '@flowport/flow'
import { memory } from '@flowport/presets/memory'
import { s3 } from '@flowport/presets/s3'
import { sqlite } from '@flowport/presets/sqlite'
import { Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { check } from './check.ts'
import { Console } from './console.ts'
import { openProfile } from '../profile.ts'

const Order = z.object({ id: z.string() })
const run = ({ id }: { id: string }) => ({ id })
const save = node('save', { input: Order, uses: { kv: { access: 'write', ttl: 'per_write' } }, run })
const store = node('store', { input: Order, uses: { blob: { access: 'write', durability: 'durable' } }, run })
const charge = node('charge', { input: Order, idempotency: { key: '/id', unknown: 'again' }, run })
const place = node('place', {
  input: Order,
  uses: { kv: 'write' },
  idempotency: { key: '/id', atomic: true },
  run,
})
const by = (name: string, target: typeof place | typeof save | typeof store | typeof charge): AnyFlow =>
  flow(name, { trigger: manual({ input: Order }), graph: (order, step) => step(target, order) })
const at = (name: string, path: string) =>
  flow(name, { trigger: http.get(path, { input: z.object({}).loose() }), graph: (it) => it })
const consuming = (name: string, deadline?: '1h') =>
  flow(name, {
    trigger: queue('mails', { input: Order, ...(deadline === undefined ? {} : { deadline }) }),
    graph: (it) => it,
  })

type Providers = App['profiles'][string]

/** Builds an app that does not type-check, as plain JavaScript could. */
function appOf(flows: readonly AnyFlow[], local: Providers, secrets: readonly string[] = []): App {
  return { ...defineApp({ flows: [...flows], profiles: {}, secrets }), profiles: { local } }
}

const apps: Readonly<Record<string, App>> = {
  'flows of one name': appOf([by('same', save), by('same', save)], [memory()]),
  'flows of one route': appOf([at('a', '/x/:id'), at('b', '/x/:name')], [memory()]),
  'flows of one queue': appOf([consuming('a'), consuming('b')], [memory({ as: 'mails' })]),
  'a store that is not bound': appOf([by('keep', save)], []),
  'a store that is too weak': appOf([by('keep', store)], [memory()]),
  'a ledger that is not bound': appOf([by('pay', charge)], []),
  'stores that are not committed together': appOf(
    [by('pay', place)],
    [memory({ only: ['kv'] }), sqlite({ path: ':memory:', only: ['dedupe'] })],
  ),
  'a resource that is bound twice': appOf([by('keep', save)], [memory({ only: ['kv'] }), memory()]),
  'a queue that is not bound': appOf([consuming('mails')], [memory()]),
  'a variable that is missing': appOf([by('keep', save)], [memory(), s3({ as: 'files' })]),
  'a secret that is missing': appOf([by('keep', save)], [memory()], ['TOKEN']),
  'a warning alone': appOf([by('pay', charge)], [memory()]),
  'a schedule in a time zone': appOf(
    [flow('nightly', { trigger: cron('0 3 * * *', { timeZone: 'Europe/Berlin' }), graph: (it) => it })],
    [memory()],
  ),
  'faults of the flows, the variables and the bindings together': appOf(
    [by('same', store), by('same', charge), consuming('mails', '1h')],
    [memory({ only: ['kv', 'blob'] }), s3({ as: 'files' })],
    ['TOKEN'],
  ),
}

const textOf = ({ code, severity, location: { flow: name, node: alias }, message, hint }: Diagnostic) =>
  `${severity} ${code} ${name}/${alias ?? ''}: ${message}; ${hint}`

function checked(app: App): readonly string[] {
  let printed = ''
  const stdout = new Writable({
    write(text, _, done) {
      printed += String(text)
      done()
    },
  })
  const host = { stdout, stderr: stdout, stdin: process.stdin, env: {}, cwd: () => '/' }
  check(app, { profile: 'local', json: true }, new Console(host))
  const { diagnostics } = JSON.parse(printed) as { readonly diagnostics: readonly Diagnostic[] }
  return diagnostics.map(textOf).toSorted()
}

/** Returns the findings of a start, when the Fastify plugin opens the profile. */
async function started(app: App): Promise<readonly string[]> {
  try {
    const { bag, warnings } = await openProfile({
      app,
      profile: 'local',
      env: {},
      queues: 'pulled',
      log: silentLogger,
    })
    await bag.close()
    return warnings.map(textOf).toSorted()
  } catch (error) {
    if (!(error instanceof DiagnosticsError)) throw error
    return error.diagnostics.map(textOf).toSorted()
  }
}

describe('flowport check and the start of a profile', () => {
  it.each(Object.entries(apps))('report the same findings: %s', async (name, app) => {
    const found = checked(app)
    expect(await started(app)).toEqual(found)
    expect(found.length > 0).toBe(name !== 'a schedule in a time zone')
  })

  it('name the presets that fit', async () => {
    const hint = async (name: string) => (await started(apps[name] as App)).join()
    expect(await hint('a store that is too weak')).toContain('preset that has it (azblob, fs, gcs, s3)')
    expect(await hint('a ledger that is not bound')).toContain('such as memory, s3-dedupe, sqlite')
    expect(await hint('stores that are not committed together')).toContain('(memory, sqlite)')
  })

  it('report faults of every kind together', async () => {
    const found = await started(apps['faults of the flows, the variables and the bindings together'] as App)
    for (const code of ['DAG205', 'CAP101', 'CAP102', 'CAP103', 'IDEM031'])
      expect(found.some((text) => text.includes(` ${code} `))).toBe(true)
  })
})
