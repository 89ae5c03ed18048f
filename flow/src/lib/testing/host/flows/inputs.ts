/** Flows that answer with the message, the key or the metadata they were given. */
import { flow } from '../../../flow.ts'
import { node } from '../../../node.ts'
import { http } from '../../../trigger.ts'
import { anything, Item } from './shared.ts'

export const inputs = [
  flow('items', {
    trigger: http.post('/items', { input: Item }),
    graph: (it, step) => step(node('item', { input: Item, run: (item) => item }), it),
  }),
  flow('items-at', {
    trigger: http.put('/items/:name', { input: Item }),
    graph: (it, step) => step(node('item-at', { input: Item, run: (item) => item }), it),
  }),
  flow('items-query', {
    trigger: http.get('/items/:name', { input: Item }),
    graph: (it, step) => step(node('item-query', { input: Item, run: (item) => item }), it),
  }),
  flow('echo', {
    trigger: http.post('/echo', { input: anything }),
    graph: (it, step) => step(node('echo', { input: anything, run: (input) => ({ input }) }), it),
  }),
  flow('echo-query', {
    trigger: http.get('/echo', { input: anything }),
    graph: (it, step) => step(node('echo-query', { input: anything, run: (input) => ({ input }) }), it),
  }),
  flow('keyed', {
    trigger: http.post('/keyed', { input: anything, idempotency: 'required' }),
    graph: (it, step) =>
      step(
        node('key', { input: anything, run: (_input, { metadata }) => metadata['http.idempotency_key'] }),
        it,
      ),
  }),
  flow('metadata', {
    trigger: http.get('/metadata/:id', { input: anything }),
    graph: (it, step) => step(node('tell', { input: anything, run: (_input, { metadata }) => metadata }), it),
  }),
]
