import { inspect } from 'node:util'
import { CapabilityError, createDedupeStore, type Logger } from '@flowport/capabilities'
import { memoryDedupeDriver } from '@flowport/capabilities/memory'
import { createStorage, memoryScheme, type StorageScheme } from '@flowport/capabilities/storage'
import { describe, expect, it } from 'vitest'
import { toIr } from '../ir/export.ts'
import { node } from '../node.ts'
import { opaque } from '../schema.ts'
import { loadFlow } from './load.ts'
import { fakeDatabase } from './test/fake-database.ts'
import { runtimeOver } from './test/harness.ts'

const marker = 'S3CRET-M4RKER'

/** Files in memory behind credentials, and a store that fails as one with credentials does. */
function lockedScheme(): StorageScheme<'vault', 'vault', 'key'> {
  const files = memoryScheme({ scheme: 'vault' })
  return {
    scheme: 'vault',
    provider: 'vault',
    fields: { key: { required: true } },
    authority: 'store',
    open(store, context) {
      if (context.credentials?.key !== marker)
        throw new CapabilityError('Unauthenticated', 'the key is wrong')
      if (store === 'shut') throw new CapabilityError('PermissionDenied', 'the key may not do this')
      return files.open('', context as never)
    },
  }
}

const text = `
name: keeper
input: [id]
nodes:
  - { name: save, uses: storage.write, params: { uri: 'vault://box/{{ input.id }}', content: { id: '{{ input.id }}' } } }
  - { name: read, uses: storage.read, after: [save], params: { uri: 'vault://box/{{ input.id }}' } }
  - { name: listed, uses: storage.list, after: [save], params: { uri: 'vault://box/' } }
  - { name: note, uses: duckdb.execute, after: [save], params: { sql: INSERT INTO t VALUES (?), params: ['{{ input.id }}'], key: '{{ input.id }}' } }
  - { name: seen, uses: look, params: { all: ['{{ state.save }}', '{{ state.read }}', '{{ state.listed }}', '{{ state.note }}'] } }
output: { saved: '{{ state.save }}', read: '{{ state.read }}', listed: '{{ state.listed }}', noted: '{{ state.note }}' }
`

describe('credentials of a storage', () => {
  it('are in nothing that a run holds, stores, logs, answers or throws', async () => {
    const told: unknown[] = []
    const collect = (...line: unknown[]) => void told.push(line)
    const log: Logger = { debug: collect, info: collect, warn: collect, error: collect }
    const look = node('look', {
      input: opaque<{ all: unknown }>(),
      run: (input, context) => {
        told.push(input, context, context.metadata)
      },
    })
    const files = createStorage({
      schemes: [lockedScheme()],
      credentials: { vault: { key: marker } },
      log,
    })
    const driver = memoryDedupeDriver()
    const kept: unknown[] = []
    const complete = driver.complete.bind(driver)
    const ledger = createDedupeStore(
      Object.assign(driver, {
        complete: (...step: Parameters<typeof complete>) => {
          kept.push(step)
          return complete(...step)
        },
      }),
    )
    const db = fakeDatabase(() => ({ columns: [], rows: [] }))
    const one = loadFlow(text, { nodes: [look] })
    const runtime = runtimeOver({ storage: files, dedupe: ledger, db }, { log })
    const run = runtime.start(one as never, { id: 'a' }, { timings: true })
    told.push(await run.answer, run, run.metadata, run.timings, toIr(one), one, kept, db.asked)
    expect(kept).toHaveLength(1)

    const shut = loadFlow(
      `name: shut\nnodes: [{ name: a, uses: storage.read, params: { uri: 'vault://shut/x' } }]`,
    )
    const error: unknown = await runtime.invoke(shut, { input: {} }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ failure: 'NodeFailed', cause: { kind: 'PermissionDenied' } })
    for (let each = error; each instanceof Error; each = each.cause)
      told.push(each, each.message, each.stack, { ...each })

    files.setCredentials('vault', { key: `${marker}-wrong` })
    const refused: unknown = await runtime
      .invoke(one, { input: { id: 'b' } })
      .catch((thrown: unknown) => thrown)
    expect(refused).toMatchObject({ cause: { kind: 'Unauthenticated' } })
    for (let each = refused; each instanceof Error; each = each.cause)
      told.push(each, each.message, each.stack)
    told.push(files, runtime, runtime.bag)

    const shown = told.map((one) => inspect(one, { depth: 20, showHidden: true, getters: false })).join('\n')
    const written = told.map((one) => {
      try {
        return JSON.stringify(one) ?? ''
      } catch {
        // What refers to itself is not JSON; it was inspected above.
        return ''
      }
    })
    expect(shown).toContain('vault://box/a')
    expect(shown).not.toContain(marker)
    expect(written.join('\n')).not.toContain(marker)
  })
})
