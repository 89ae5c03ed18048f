/** Flows that answer with many items over time. */
import { flow } from '../../../flow.ts'
import { problem } from '../../../http/problem.ts'
import { event, node } from '../../../node.ts'
import { opaque, streamOf } from '../../../schema.ts'
import { http } from '../../../trigger.ts'
import { anything } from './shared.ts'

const Count = opaque<{ readonly count?: string; readonly id?: string; readonly fail?: string }>()

export const streams = [
  flow('events', {
    trigger: http.get('/events', { input: Count }),
    graph: (it, step) =>
      step(
        node('emit', {
          input: Count,
          output: streamOf(opaque<unknown>()),
          async *run({ count = '3', fail }) {
            yield event('start', { of: Number(count) }, { id: 'a' })
            for (let n = 0; n < Number(count); n++) yield { n, text: 'zeile\nü' }
            if (fail !== undefined) throw problem({ status: 409, code: 'STOPPED', title: 'It stopped' })
          },
        }),
        it,
      ),
  }),
  flow('with-result', {
    trigger: http.get('/with-result', { input: anything }),
    graph: (it, step) =>
      step(
        node('progress', {
          input: anything,
          output: streamOf(opaque<number>(), { result: opaque<{ done: boolean }>() }),
          async *run() {
            yield 1
            yield 2
            return { done: true }
          },
        }),
        it,
      ),
  }),
]
