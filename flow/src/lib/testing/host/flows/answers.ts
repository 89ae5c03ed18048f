/** Flows whose answers are values, replies and nothing. */
import { flow } from '../../../flow.ts'
import { problem } from '../../../http/problem.ts'
import { node } from '../../../node.ts'
import { reply } from '../../../reply.ts'
import { opaque, streamOf } from '../../../schema.ts'
import { http } from '../../../trigger.ts'
import { get } from './shared.ts'

/** Values that JSON cannot say. */
export const unwritable: readonly (readonly [name: string, make: () => unknown])[] = [
  [
    'deep',
    () => {
      let value: unknown = []
      for (let level = 0; level < 200_000; level++) value = [value]
      return value
    },
  ],
  [
    'cyclic',
    () => {
      const value: Record<string, unknown> = {}
      value['self'] = value
      return value
    },
  ],
  ['bigint', () => ({ count: 1n })],
  [
    'own-json',
    () => ({
      toJSON: () => {
        throw new Error('password=hunter2')
      },
    }),
  ],
]

export const answers = [
  get('nothing', () => undefined),
  get('null', () => null),
  get('zero', () => 0),
  get('text', () => 'ä'),
  get('created', () => ({ a: 1 }), { status: 201 }),
  get('reply', () =>
    reply({ status: 202, headers: { location: '/x', 'cache-control': 'max-age=1' }, body: { b: 2 } }),
  ),
  get('plain', () => reply({ headers: { 'content-type': 'text/plain' }, body: 'hello' })),
  get('empty', () => reply({ status: 303, headers: { location: '/y' } })),
  get('own-framing', () => reply({ headers: { 'Transfer-Encoding': 'chunked' }, body: 1 })),
  get('no-header', () => reply({ headers: { location: '/x\r\nset-cookie: a=b' }, body: 1 })),
  get('no-status', () => reply({ status: 1200, body: 1 })),
  ...unwritable.map(([name, make]) => get(name, make)),
  flow('unwritable-items', {
    trigger: http.get('/unwritable-items', { input: opaque<{ readonly what: string }>() }),
    graph: (it, step) =>
      step(
        node('emit', {
          input: opaque<{ readonly what: string }>(),
          output: streamOf(opaque<unknown>()),
          async *run({ what }) {
            yield 'first'
            yield unwritable.find(([name]) => name === what)?.[1]()
          },
        }),
        it,
      ),
  }),
  get('unwritable-details', () => {
    throw problem({ status: 409, code: 'ODD', title: 'Odd', details: { big: 1n } })
  }),
  get('params', (input) => input, { path: '/params/:a/of/:b' }),
]
