import type { Provider } from '@flowport/capabilities'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { flow } from '../flow.ts'
import type { Idempotency } from '../idempotency.ts'
import { node } from '../node.ts'
import { manual } from '../trigger.ts'
import { effectPromises, effectVerdicts } from './effects.ts'

const Note = z.object({ id: z.string() })
const store = { provider: 'one', transaction: 'one', consistency: 'strong', features: {}, limits: {} }
const ledger = { ...store, reservation: 'atomic' }

function providerOf(provides: object): Provider {
  const open = () => Promise.reject(new Error('nothing is opened'))
  const nothing = { nativeRetry: false, bindings: [], hints: [], check: () => null, open }
  return { preset: 'one', provides, env: {} as never, ...nothing }
}

const together = [providerOf({ kv: store, dedupe: ledger })]
const apart = [providerOf({ kv: store }), providerOf({ dedupe: ledger })]

function flowOf(
  idempotency: Idempotency<{ id: string }, null, { readonly kv: 'write' }> | undefined,
  uses = { kv: 'write' } as const,
) {
  const save = node('save', {
    input: Note,
    uses,
    ...(idempotency === undefined ? {} : { idempotency }),
    run: () => null,
  })
  return flow('saving', { trigger: manual({ input: Note }), graph: (note, step) => step(save, note) })
}

const key = '/id'
const verdicts = (flowOfOne: ReturnType<typeof flowOf>, providers: readonly Provider[] = together) =>
  effectVerdicts([flowOfOne], providers).map(({ verdict }) => verdict)

describe('the verdict of an effect', () => {
  it.each([
    ['exactly once', { key, atomic: true }],
    ['exactly once', { key, atomic: 'preferred', unknown: 'never' }],
    ['once, unknown is said', { key, unknown: 'never' }],
    ['once, unknown is said', { key, unknown: () => 'unknown' as const }],
    ['at least once, the sink keeps the key', { key, unknown: 'again', sink: 'keyed' }],
    ['at least once', { key, unknown: 'again' }],
    ['natural', 'natural'],
    ['not guarded', undefined],
  ] as const)('%s: %o', (verdict, idempotency) => {
    expect(verdicts(flowOf(idempotency))).toEqual([verdict])
  })

  it('is what unknown says where the stores of a profile share no transaction', () => {
    expect(verdicts(flowOf({ key, atomic: 'preferred', unknown: 'never' }), apart)).toEqual([
      'once, unknown is said',
    ])
    expect(verdicts(flowOf({ key, atomic: 'preferred', unknown: 'again' }), apart)).toEqual(['at least once'])
  })

  it('is exactly once where a node names the partition that is committed together', () => {
    const parts = [
      providerOf({ kv: { ...store, partitioned: true }, dedupe: { ...ledger, partitioned: true } }),
    ]
    const named = flowOf({ key, atomic: true, partition: '/id' })
    expect(effectVerdicts([named], parts)).toMatchObject([
      { verdict: 'exactly once', because: 'one transaction in each partition' },
    ])
    expect(verdicts(flowOf({ key, atomic: true }), parts)).toEqual([])
  })

  it('is left out where the profile cannot run the node', () => {
    expect(verdicts(flowOf({ key, atomic: true }), apart)).toEqual([])
    expect(verdicts(flowOf({ key, unknown: 'never' }), [providerOf({ kv: store })])).toEqual([])
    const weak = [providerOf({ kv: store, dedupe: { ...ledger, reservation: 'best_effort' } })]
    expect(verdicts(flowOf({ key, unknown: 'never' }), weak)).toEqual([])
    expect(verdicts(flowOf('natural'), [])).toEqual([])
  })

  it('names flow, node and the declaration that decides it', () => {
    expect(effectVerdicts([flowOf({ key, unknown: 'never' })], together)).toEqual([
      { flow: 'saving', node: 'save', verdict: 'once, unknown is said', because: 'unknown: never' },
    ])
  })

  it('is given to nodes with effects only, and a node with a key has one', () => {
    const read = node('read', { input: Note, uses: { kv: 'read' }, run: () => null })
    const call = node('call', { input: Note, idempotency: { key, unknown: 'never' }, run: () => null })
    const both = flow('both', {
      trigger: manual({ input: Note }),
      graph: (note, step) => [step(read, note), step(call, note)],
    })
    expect(effectVerdicts([both], together)).toMatchObject([{ node: 'call' }])
  })
})

it('the reference page has the table of verdicts', () => {
  const page = readFileSync(new URL('../../../../docs/reference/effects.md', import.meta.url), 'utf8')
  const [, table = ''] = page.split('| verdict | the node declares | what holds |\n|---|---|---|\n')
  const rows = (table.split('\n\n', 1)[0] ?? '').split('\n').map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
  expect(rows).toEqual(
    Object.entries(effectPromises).map(([verdict, { declared, promise }]) => [
      `*${verdict}*`,
      declared,
      promise,
    ]),
  )
})
