import { describe, expect, expectTypeOf, it } from 'vitest'
import * as z from 'zod'
import { node } from './node.ts'

const input = z.object({ id: z.string() })
const output = z.object({ charge: z.string() })
const uses = { kv: 'write' } as const
const run = () => ({ charge: 'c' })

describe('a node with an idempotency key', () => {
  it('says what an unknown outcome means, or does not compile', () => {
    const check = () => {
      node('never', { input, output, uses, idempotency: { key: '/id', unknown: 'never' }, run })
      node('again', {
        input,
        output,
        uses,
        idempotency: { key: '/id', unknown: 'again', sink: 'keyed' },
        run,
      })
      // @ts-expect-error nothing says what unknown means
      node('unsaid', { input, output, uses, idempotency: { key: '/id' }, run })
      // @ts-expect-error there is no such choice
      node('maybe', { input, output, uses, idempotency: { key: '/id', unknown: 'maybe' }, run })
    }
    expect(check).toThrow(
      `idempotency.unknown is "maybe": use 'never', 'again' or a function that asks the sink`,
    )
  })

  it('asks its sink with the input, the key, a fencing token and its resources, and answers with its own output', () => {
    node('asks', {
      input,
      output,
      uses,
      idempotency: {
        key: '/id',
        async unknown({ input: asked, idempotencyKey, fencingToken, signal, kv, ...rest }) {
          expectTypeOf(asked).toEqualTypeOf<{ id: string }>()
          expectTypeOf(idempotencyKey).toEqualTypeOf<string>()
          expectTypeOf(fencingToken).toEqualTypeOf<number>()
          expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
          // @ts-expect-error asking makes no effects of the node
          expectTypeOf(rest.effect)
          const found = await kv.get(asked.id)
          return found === null ? 'unknown' : { done: { charge: found } }
        },
      },
      run,
    })
    node('asks', {
      input,
      uses,
      idempotency: { key: '/id', unknown: () => ({ done: 7 }) },
      run: (): number => 1,
    })
    const idempotency = { key: '/id', unknown: () => ({ notDone: 'not found' }) } as const
    // @ts-expect-error a sink that finds nothing cannot say that nothing will arrive
    node('wrong', { input, output, uses, idempotency, run })
    const other = { key: '/id', unknown: () => ({ done: { charge: 1 } }) } as const
    // @ts-expect-error the result is no output of this node
    node('wrong', { input, output, uses, idempotency: other, run })
  })

  it('refuses values that no option has', () => {
    const define = (patch: object) => () =>
      node('charge', { input, output, uses, run, idempotency: { key: '/id', unknown: 'never', ...patch } })
    expect(define({ begins: 'late' })).toThrow(`idempotency.begins is "late": use 'handler' or 'effect'`)
    expect(define({ sink: 'naive' })).toThrow(`idempotency.sink is "naive": use 'keyed' or leave it out`)
    expect(define({ unknown: 1 })).toThrow('idempotency.unknown is number: use')
  })
})

it('effect() of a node has the type of what it makes', () => {
  node('plain', {
    input,
    async run(_, { effect }) {
      expectTypeOf(await effect(() => 1)).toEqualTypeOf<number>()
      expectTypeOf(await effect(async () => 'text')).toEqualTypeOf<string>()
    },
  })
})
