/**
 * Sends to Cloudflare Queues over a producer binding. Consuming is the platform's: it calls the Worker's queue handler, so
 * what takes and settles messages is `Unsupported` here.
 */
import {
  CapabilityError,
  type DriverCall,
  inParts,
  type QueueDriver,
  utf8Length,
} from '@flowport/capabilities'
import type { QueueBinding } from './binding.ts'
import { cloudflareQueuesInfo, maxBatchBytes, messageOverheadBytes } from './info.ts'
import { translated } from './translate-error.ts'

export class CloudflareQueuesDriver implements QueueDriver {
  readonly info = cloudflareQueuesInfo
  readonly #queue: QueueBinding

  constructor(queue: QueueBinding) {
    this.#queue = queue
  }

  /**
   * The platform tells no ids of what it took: those resolved here are made up, for logs of the sender. Batches over 256 KB
   * are sent in parts; when a part fails, those before it are sent.
   */
  async send(bodies: readonly string[], delayMs: number, { signal }: DriverCall): Promise<readonly string[]> {
    // In whole seconds at the platform: rather later than too early.
    const delay = delayMs > 0 ? { delaySeconds: Math.ceil(delayMs / 1000) } : {}
    const [only] = bodies
    if (bodies.length === 1 && only !== undefined) {
      await translated(() => this.#queue.send(JSON.parse(only), { contentType: 'json', ...delay }))
    } else {
      await inParts(partsOf(bodies), (part) => {
        signal?.throwIfAborted()
        return translated(() => this.#queue.sendBatch(part.map(asMessage), delay))
      })
    }
    return bodies.map(() => crypto.randomUUID())
  }

  receive(): never {
    throw notHere('handed out')
  }

  ack(): never {
    throw notHere('acked')
  }

  retry(): never {
    throw notHere('given back')
  }
}

function asMessage(text: string) {
  return { body: JSON.parse(text) as unknown, contentType: 'json' as const }
}

/** In order, each of them small enough for one call. */
function partsOf(bodies: readonly string[]): readonly (readonly string[])[] {
  const parts: string[][] = []
  let room = 0
  for (const body of bodies) {
    const bytes = utf8Length(body) + messageOverheadBytes
    if (bytes > room) {
      parts.push([])
      room = maxBatchBytes
    }
    parts.at(-1)?.push(body)
    room -= bytes
  }
  return parts
}

function notHere(what: string): CapabilityError {
  return new CapabilityError(
    'Unsupported',
    `messages of Cloudflare Queues are not ${what} by a binding: the platform brings them to the Worker's queue handler; declare a flow with queue(name), and the queue in queues.consumers`,
  )
}
