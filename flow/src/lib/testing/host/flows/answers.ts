/** Flows whose answers are values, replies and nothing. */
import { reply } from '../../../reply.ts'
import { get } from './shared.ts'

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
  get('no-header', () => reply({ headers: { location: '/x\r\nset-cookie: a=b' }, body: 1 })),
  get('no-status', () => reply({ status: 1200, body: 1 })),
  get('params', (input) => input, { path: '/params/:a/of/:b' }),
]
