/** The app of the recorded-stream crash test: a charge, then a stream of events that is recorded. */
import { type App, defineApp, event, flow, http, node, opaque, streamOf } from '@flowport/flow'
import { chargeNode, type Charged, Order, type Providers } from '../app.ts'
import { post } from '../steps.ts'

/** Number of events in an answer. */
export const eventCount = 60

const Result = opaque<Charged>()

const events = node('events', {
  input: Result,
  output: streamOf(opaque<unknown>()),
  uses: { clock: 'read' },
  async *run({ id, chargeId }, { clock, signal }) {
    const run = crypto.randomUUID()
    for (let n = 1; n <= eventCount; n++) {
      await post('steps', { id, step: `event ${n} before` })
      yield event('tick', { n, run, chargeId }, { id: String(n) })
      await clock.sleep(15, { signal })
    }
  },
})

const feed = flow('feed', {
  trigger: http.post('/feed', { input: Order, idempotency: 'required' }),
  graph: (order, step) => step(events, step(chargeNode('asks-effect'), order)),
})

export function feedApp(profile: string, providers: Providers): App {
  const app = defineApp({ name: 'feed', flows: [], profiles: { [profile]: providers } })
  return { ...app, flows: [feed] }
}
