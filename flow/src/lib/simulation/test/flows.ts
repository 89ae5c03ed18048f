/** Flows under simulation: an order charged at a sink of each kind, under each policy. */
import * as z from 'zod'
import type { BlobRef } from '../../blob-ref.ts'
import { blobBody } from '../../body.ts'
import { flow } from '../../flow.ts'
import type { UnknownAnswer } from '../../idempotency.ts'
import { node } from '../../node.ts'
import { opaque } from '../../schema.ts'
import { http, manual, queue } from '../../trigger.ts'
import { createSink, type Sink, type SinkKind } from '../sink.ts'

const Order = z.object({ orderId: z.string() })
const Charged = z.object({ chargeId: z.string() })

export interface OrderOptions {
  /** An HTTP route whose answers are recorded, in place of a flow that code calls. Default false. */
  readonly isRecorded?: boolean
  readonly sink: SinkKind
  readonly unknown: 'never' | 'again' | 'ask'
  readonly begins?: 'handler' | 'effect'
}

/** An order that is charged once, and its gateway. The step retries by itself, as careful users have it. */
export function orderFlow({ sink, unknown, begins = 'effect', isRecorded = false }: OrderOptions) {
  const gateway = createSink({ kind: sink, name: 'gateway' })
  const charge = node('charge', {
    input: Order,
    output: Charged,
    uses: { kv: 'write' },
    idempotency: {
      key: '/orderId',
      lease: '1s',
      begins,
      unknown:
        unknown === 'ask'
          ? ({ idempotencyKey, fencingToken }) => ask(gateway, idempotencyKey, fencingToken)
          : unknown,
    },
    async run(_order, { effect, idempotencyKey, fencingToken }) {
      return { chargeId: await effect(() => gateway.make(idempotencyKey, fencingToken)) }
    },
  })
  const recorded = http.post('/orders', { input: Order, status: 201, idempotency: 'required' })
  const order = flow('order', {
    trigger: isRecorded ? recorded : manual({ input: Order }),
    graph: (input, step) => step(charge, input, { retry: { maxAttempts: 3, backoff: '20ms' } }),
  })
  return { order, gateway }
}

async function ask(
  gateway: Sink,
  key: string,
  fencingToken: number,
): Promise<UnknownAnswer<{ chargeId: string }>> {
  const receipt = await gateway.ask(key, fencingToken)
  if (receipt !== null) return { done: { chargeId: receipt } }
  if (gateway.kind === 'fencing') return { notDone: 'fenced' }
  return gateway.kind === 'closing' ? { notDone: 'closed' } : 'unknown'
}

const Scan = z.object({ name: z.string(), size: z.number() })

/** An upload over HTTP: its bytes are stored as they arrive, and a scanner is asked once per name. */
export function uploadFlow({ sink, unknown }: Pick<OrderOptions, 'sink'> & { unknown: 'never' | 'again' }) {
  const scanner = createSink({ kind: sink, name: 'scanner' })
  const scan = node('scan', {
    input: opaque<{ readonly name: string; readonly file: BlobRef }>(),
    output: Scan,
    uses: { blob: 'write' },
    idempotency: { key: '/name', lease: '1s', begins: 'effect', unknown },
    async run({ name, file }, { blob, effect, idempotencyKey, fencingToken }) {
      const stored = await blob.get(file.key)
      const bytes = (await stored?.bytes()) ?? new Uint8Array()
      await effect(() => scanner.make(idempotencyKey, fencingToken))
      return { name, size: bytes.byteLength }
    },
  })
  const upload = flow('upload', {
    trigger: http.put('/files/:name', {
      input: z.object({ name: z.string() }),
      body: blobBody('file', { key: ({ name }: { name: string }) => `files/${name}` }),
    }),
    graph: (input, step) => step(scan, input),
  })
  return { upload, scanner }
}

const Mail = z.object({ id: z.string() })

/** A queue consumer that sends each mail once, however often its message is in the queue, and notes it in a node of its own. */
export function mailFlow({ sink, unknown }: Pick<OrderOptions, 'sink'> & { unknown: 'never' | 'again' }) {
  const provider = createSink({ kind: sink, name: 'provider' })
  const send = node('send', {
    input: Mail,
    output: Mail,
    uses: { kv: 'write' },
    idempotency: { key: '/id', lease: '1s', begins: 'effect', unknown },
    async run(mail, { effect, idempotencyKey, fencingToken }) {
      await effect(() => provider.make(idempotencyKey, fencingToken))
      return mail
    },
  })
  const note = node('note', {
    input: Mail,
    uses: { kv: 'write' },
    idempotency: 'natural',
    async run({ id }, { kv }) {
      await kv.put(`sent/${id}`, 'yes')
    },
  })
  const mails = flow('mails', {
    trigger: queue('mails', { input: Mail, deadline: '5s', backoff: '1s' }),
    graph: (mail, step) => step(note, step(send, mail)),
  })
  return { mails, provider }
}

/** Two effects at the same time, each of which must be made once. */
export function pairFlow({ sink, unknown }: Pick<OrderOptions, 'sink'> & { unknown: 'never' | 'again' }) {
  const [gateway, mailer] = [
    createSink({ kind: sink, name: 'gateway' }),
    createSink({ kind: sink, name: 'mailer' }),
  ]
  const pair = node('pair', {
    input: Order,
    uses: { kv: 'write' },
    idempotency: { key: '/orderId', lease: '1s', begins: 'effect', unknown },
    async run(_order, { effect, idempotencyKey }) {
      const made = [gateway, mailer].map(async (each) => effect(() => each.make(idempotencyKey)))
      return { made: await Promise.all(made) }
    },
  })
  const both = flow('pair', {
    trigger: manual({ input: Order }),
    graph: (input, step) => step(pair, input, { retry: { maxAttempts: 3, backoff: '20ms' } }),
  })
  return { pair: both, count: () => Math.max(gateway.effects(), mailer.effects()) }
}

/** A note that is stored once, and read until it is there. Its answer is the same, however late a read sees the note. */
export function noteFlow({ unknown }: { readonly unknown: 'never' | 'again' }) {
  const save = node('save', {
    input: Order,
    uses: { kv: 'write' },
    idempotency: { key: '/orderId', lease: '1s', begins: 'effect', unknown, sink: 'keyed' },
    async run({ orderId }, { kv }) {
      await kv.put(`notes/${orderId}`, 'a note')
      return { orderId }
    },
  })
  const load = node('load', {
    input: Order,
    uses: { kv: 'read', clock: 'read' },
    async run({ orderId }, { kv, clock }) {
      for (let reads = 1; reads < 20 && (await kv.get(`notes/${orderId}`)) === null; reads++)
        await clock.sleep(20)
      return { orderId }
    },
  })
  return flow('note', {
    trigger: manual({ input: Order }),
    graph: (input, step) => step(load, step(save, input)),
  })
}

/** A row with an id of its own for each order, in a store: nothing there knows of an earlier row. */
export function rowFlow({ unknown }: { readonly unknown: 'never' | 'again' }) {
  const insert = node('insert', {
    input: Order,
    uses: { kv: 'write', rng: 'read' },
    idempotency: { key: '/orderId', lease: '1s', begins: 'effect', unknown },
    async run(_order, { kv, rng }) {
      const id = rng.uuid()
      await kv.put(`rows/${id}`, 'row')
      return { id }
    },
  })
  return flow('row', { trigger: manual({ input: Order }), graph: (input, step) => step(insert, input) })
}
