/**
 * Flows whose answers differ on every run, so that an equal answer must be a replay. The header `x-caller` names the caller.
 */
import {
  type BlobRef,
  blobRef,
  type App,
  defineApp,
  event,
  flow,
  type Hook,
  http,
  multipartBody,
  node,
  opaque,
  streamOf,
} from '@flowport/flow'

const Asked = opaque<{ readonly id: string; readonly size?: number; readonly waitMs?: number }>()
const idempotency = 'required'

const who = flow('who', {
  trigger: http.post('/who', { input: Asked, idempotency }),
  graph: (it, step) =>
    step(
      node('who', {
        input: Asked,
        run: ({ id }, { metadata }) => ({
          id,
          caller: metadata['principal'] ?? null,
          run: crypto.randomUUID(),
        }),
      }),
      it,
    ),
})

/** The node has its own key, and the route records no answers. */
const own = flow('own', {
  trigger: http.post('/own', { input: Asked, idempotency: 'off' }),
  graph: (it, step) =>
    step(
      node('own', {
        input: Asked,
        output: opaque<{ readonly id: string; readonly caller: unknown; readonly run: string }>(),
        effects: 'effectful',
        idempotency: { key: '/id', unknown: 'never' },
        run: ({ id }, { metadata }) => ({
          id,
          caller: metadata['principal'] ?? null,
          run: crypto.randomUUID(),
        }),
      }),
      it,
    ),
})

const binary = flow('binary', {
  trigger: http.post('/binary', { input: Asked, idempotency }),
  graph: (it, step) =>
    step(
      node('binary', {
        input: Asked,
        uses: { blob: 'write' },
        idempotency: 'natural',
        async run({ id, size = 0 }, { blob }) {
          const bytes = new Uint8Array(size)
          for (let from = 0; from < size; from += 65_536)
            crypto.getRandomValues(bytes.subarray(from, Math.min(size, from + 65_536)))
          return blobRef(await blob.put(`own/${id}`, bytes))
        },
      }),
      it,
    ),
})

const events = flow('events', {
  trigger: http.post('/events', { input: Asked, idempotency }),
  graph: (it, step) =>
    step(
      node('events', {
        input: Asked,
        output: streamOf(opaque<unknown>()),
        uses: { clock: 'read' },
        async *run({ size = 0, waitMs = 0 }, { clock, signal }) {
          const run = crypto.randomUUID()
          for (let n = 1; n <= size; n++) {
            yield event('tick', { n, run, text: 'zeile\nü' }, { id: String(n) })
            if (waitMs > 0) await clock.sleep(waitMs, { signal })
          }
        },
      }),
      it,
    ),
})

type Order = { readonly order: string }

/** The node has its own key, which is a field of the form. */
const invoice = flow('invoice', {
  trigger: http.post('/invoices', {
    input: opaque<Order>(),
    body: multipartBody('files', { key: 'invoices/{order}/{file.sha256}' }),
  }),
  graph: (it, step) =>
    step(
      node('invoice', {
        input: opaque<Order & { readonly files: readonly BlobRef[] }>(),
        effects: 'effectful',
        idempotency: { key: '/order', unknown: 'never' },
        run: ({ files }) => ({ keys: files.map(({ key }) => key), run: crypto.randomUUID() }),
      }),
      it,
    ),
})

export const hooks: readonly Hook[] = [
  {
    name: 'caller',
    before({ header }) {
      const principal = header('x-caller')
      return principal === undefined ? undefined : { principal }
    },
  },
]

export type Providers = App['profiles'][string]

export function recordedApp(profile: string, providers: Providers): App {
  const app = defineApp({ name: 'recorded', flows: [], profiles: { [profile]: providers } })
  return { ...app, flows: [who, own, binary, events, invoice] }
}
