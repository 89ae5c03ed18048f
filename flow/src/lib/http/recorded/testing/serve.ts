/** Flows over memory, asked without a server: for tests of what is recorded. */
import { type BlobStore, createBlobStore, createDedupeStore, ResourceBag } from '@flowport/capabilities'
import { memoryBlobDriver, memoryDedupeDriver } from '@flowport/capabilities/memory'
import { ManualClock } from '@flowport/capabilities/testing'
import type { AnyFlow } from '../../../flow.ts'
import type { Hook } from '../../../runtime/hooks.ts'
import { createRuntime } from '../../../runtime/runtime.ts'
import { memoryLog } from './memory-log.ts'
import type { HttpCall, HttpOutcome } from '../../call.ts'
import { handleHttp } from '../../handle.ts'
import { httpRoutes } from '../../route.ts'

export interface AskOptions {
  readonly key?: string
  readonly body?: string
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface Asked {
  readonly outcome: HttpOutcome
  /** Everything that is sent. */
  text(): Promise<string>
  bytes(): Promise<Uint8Array>
  /** The client goes away. */
  leave(): void
}

export function serve(flow: AnyFlow, { hooks = [] }: { readonly hooks?: readonly Hook[] } = {}) {
  const clock = new ManualClock()
  const { log, lines } = memoryLog()
  const drivers = { blob: memoryBlobDriver({ clock }), dedupe: memoryDedupeDriver({ clock }) }
  const blob: BlobStore = createBlobStore(drivers.blob)
  const dedupe = createDedupeStore(drivers.dedupe)
  const bag = ResourceBag.empty()
    .with('blob', blob)
    .with('dedupe', dedupe)
    .with('clock', clock) as ResourceBag
  const runtime = createRuntime(bag, { clock, hooks, log })
  const [route] = httpRoutes({ flows: [flow] })
  if (route === undefined) throw new Error('the flow has no HTTP trigger')

  async function ask({ key, body = '', query = '', headers = {} }: AskOptions = {}): Promise<Asked> {
    const listeners: (() => void)[] = []
    const all: Record<string, string> = { 'content-type': 'application/json', ...headers }
    if (key !== undefined) all['idempotency-key'] = key
    const bytes = new TextEncoder().encode(body)
    const call: HttpCall = {
      method: route?.trigger.method ?? 'POST',
      path: route?.trigger.path ?? '/',
      params: {},
      query,
      header: (name) => all[name],
      log,
      body: { bytes: () => bytes, stream: () => streamOf(bytes) },
      onDisconnect: (listener) => void listeners.push(listener),
    }
    const outcome = await handleHttp(runtime, route as NonNullable<typeof route>, call, {})
    const read = () => sent(outcome)
    return {
      outcome,
      bytes: read,
      text: async () => new TextDecoder().decode(await read()),
      leave: () => {
        for (const listener of listeners) listener()
      },
    }
  }

  async function keys(): Promise<readonly string[]> {
    const found: string[] = []
    for await (const { key } of blob.entries()) found.push(key)
    return found
  }

  return { ask, runtime, clock, blob, dedupe, drivers, bag, keys, lines, app: { flows: [flow] } }
}

function streamOf(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start(controller) {
      if (bytes.byteLength > 0) controller.enqueue(bytes)
      controller.close()
    },
  })
}

async function sent({ body }: HttpOutcome): Promise<Uint8Array> {
  if (body === null) return new Uint8Array(0)
  if (typeof body === 'string') return new TextEncoder().encode(body)
  if (typeof body !== 'function') return new Uint8Array(await new Response(body).arrayBuffer())
  let text = ''
  await body({
    write(more) {
      text += more
      return undefined
    },
  })
  return new TextEncoder().encode(text)
}
