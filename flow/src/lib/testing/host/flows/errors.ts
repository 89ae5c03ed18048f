/** Flows that fail, in every way a node can. */
import { CapabilityError, type ErrorKind } from '@flowport/capabilities'
import { flow } from '../../../flow.ts'
import { problem } from '../../../http/problem.ts'
import { node } from '../../../node.ts'
import { deny } from '../../../runtime/errors.ts'
import { http } from '../../../trigger.ts'
import { anything, get, Item } from './shared.ts'

export const errors = [
  get('fail', ({ kind, retryAfterMs }) => {
    const retry = retryAfterMs === undefined ? {} : { retryAfterMs: Number(retryAfterMs) }
    throw new CapabilityError(kind as ErrorKind, 'as it was asked to', retry)
  }),
  get('boom', () => {
    throw new Error('password=hunter2 at /srv/secret.ts')
  }),
  get('throws-text', () => {
    // oxlint-disable-next-line typescript/only-throw-error -- nodes may throw anything
    throw 'just text'
  }),
  get('teapot', () => {
    throw problem({
      status: 418,
      code: 'TEAPOT',
      title: 'Short and stout',
      details: { spout: true },
      headers: { 'x-tea': 'yes', 'content-type': 'text/html' },
    })
  }),
  get('denied', () => {
    throw deny({
      status: 401,
      code: 'NO_TOKEN',
      message: 'Sign in first',
      headers: { 'www-authenticate': 'Bearer' },
    })
  }),
  flow('broken-output', {
    trigger: http.get('/broken-output', { input: anything }),
    graph: (it, step) =>
      step(node('broken', { input: anything, output: Item, run: () => ({ name: 1 }) as never }), it),
  }),
]
