/** Flows that take their time, and note what became of them. */
import { flow } from '../../../flow.ts'
import { node } from '../../../node.ts'
import { opaque, streamOf } from '../../../schema.ts'
import { http } from '../../../trigger.ts'
import { anything, get } from './shared.ts'

/** What flows have seen, by the id their request gave: asked for with `GET /probe/:id`. */
const probes = new Map<string, string[]>()

function note(id: unknown, what: string): void {
  probes.set(String(id), [...(probes.get(String(id)) ?? []), what])
}

export const time = [
  flow('deaf', {
    trigger: http.get('/deaf', { input: anything, deadline: '40ms' }),
    graph: (it, step) =>
      step(
        node('deaf', {
          input: anything,
          uses: { clock: 'read' },
          async run({ id }, { clock, signal }) {
            signal.addEventListener('abort', () => note(id, 'aborted'))
            await clock.sleep(300)
            note(id, 'ended')
            return 'late'
          },
        }),
        it,
      ),
  }),
  flow('waits', {
    trigger: http.post('/waits', { input: anything }),
    graph: (it, step) =>
      step(
        node('waits', {
          input: anything,
          run: ({ id }, { signal }) => {
            note(id, 'started')
            return new Promise<never>((_, reject) => {
              signal.addEventListener('abort', () => {
                note(id, 'aborted')
                reject(signal.reason as Error)
              })
            })
          },
        }),
        it,
      ),
  }),
  flow('ticks', {
    trigger: http.get('/ticks', { input: anything }),
    graph: (it, step) =>
      step(
        node('ticks', {
          input: anything,
          output: streamOf(opaque<number>()),
          uses: { clock: 'read' },
          async *run({ id }, { clock, signal }) {
            try {
              for (let n = 0; ; n++) {
                yield n
                await clock.sleep(5, { signal })
              }
            } finally {
              note(id, signal.aborted ? 'aborted' : 'closed')
            }
          },
        }),
        it,
      ),
  }),
  get('slow', async () => {
    await new Promise((resolve) => setTimeout(resolve, 30))
    return 'done'
  }),
  get('probe', ({ id }) => probes.get(String(id)) ?? [], { path: '/probe/:id' }),
]
