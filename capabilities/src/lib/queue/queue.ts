/** Makes a queue of a driver: JSON, limits, batches, layers. The driver is the last stop. */
import { inParts } from '../applied.ts'
import { CapabilityError } from '../error.ts'
import { fromJsonText, toJsonText } from '../json-text.ts'
import type { CallOptions } from '../kv/contract.ts'
import { type CallScope, createPipeline, type Layer, type Pipeline } from '../layer.ts'
import { checkLimit, checkSize, chunks, utf8Length } from '../limits.ts'
import { checkArgument, lifeRule } from '../numbers.ts'
import { type Resource, withControl } from '../resource/resource.ts'
import { keptError, listDeadLetters, redrive } from './dead-letters.ts'
import type {
  ListDeadLettersOptions,
  Queue,
  QueueConsumer,
  QueueMessage,
  QueuePublisher,
  ReceiveOptions,
  RedriveOptions,
  RejectMessageOptions,
  RetryMessageOptions,
  SendOptions,
} from './contract.ts'
import type { QueueDriver, StoredMessage } from './driver.ts'

export interface CreateQueueOptions {
  /** Name in the bag, shown in errors and logs. Default `'queue'`. */
  readonly name?: string
  /** Outermost first. Default none. */
  readonly layers?: readonly Layer[]
}

/** A queue over a driver. */
export function createQueue(
  driver: QueueDriver,
  { name = 'queue', layers = [] }: CreateQueueOptions = {},
): Queue & Resource {
  const core = { driver, pipeline: createPipeline('queue', name, layers) }
  // Only messages that are sent take part in transactions.
  const publishing = { driver, pipeline: createPipeline('queue', name, layers, driver.info.transaction) }
  return withControl(new PortableQueue(core), 'queue', core, (access, scope) => {
    const { transaction } = scope ?? {}
    const side = access === 'publish' ? publishing : core
    const scoped = transaction === undefined ? side : { ...side, driver: transaction.queue(driver) }
    return access === 'publish' ? new PortablePublisher(scoped, scope) : new PortableConsumer(scoped, scope)
  })
}

interface Core {
  readonly driver: QueueDriver
  readonly pipeline: Pipeline
}

interface Place {
  readonly capability: string
  readonly operation: string
  readonly key?: string
}

const defaultLeaseMs = 30_000

class PortablePublisher implements QueuePublisher {
  readonly #core: Core
  readonly #scope: CallScope | undefined

  constructor(core: Core, scope: CallScope | undefined) {
    this.#core = core
    this.#scope = scope
  }

  get info() {
    return this.#core.driver.info
  }

  async send(body: unknown, options: SendOptions = {}): Promise<{ readonly id: string }> {
    const where = placeOf(this.#core, 'send')
    const text = bodyText(this.#core, body, where)
    const delayMs = checkDelay(this.#core, options.delayMs, where)
    const { driver, pipeline } = this.#core
    const [id] = await pipeline.run('send', undefined, options, this.#scope, ({ signal }) =>
      driver.send([text], delayMs, { signal }),
    )
    return { id: sentId(id, where) }
  }

  async sendBatch(
    bodies: readonly unknown[],
    options: SendOptions = {},
  ): Promise<readonly { readonly id: string }[]> {
    const where = placeOf(this.#core, 'sendBatch')
    const texts = bodies.map((body) => bodyText(this.#core, body, where))
    const delayMs = checkDelay(this.#core, options.delayMs, where)
    const { driver, pipeline } = this.#core
    const batches = chunks(texts, this.info.limits.maxBatchMessages)
    const sent = await inParts(batches, async (batch) => {
      const ids = await pipeline.run('sendBatch', undefined, options, this.#scope, ({ signal }) =>
        driver.send(batch, delayMs, { signal }),
      )
      return batch.map((_, index) => ({ id: sentId(ids[index], where) }))
    })
    return sent.flat()
  }
}

class PortableConsumer implements QueueConsumer {
  readonly #core: Core
  readonly #scope: CallScope | undefined

  constructor(core: Core, scope: CallScope | undefined) {
    this.#core = core
    this.#scope = scope
  }

  get info() {
    return this.#core.driver.info
  }

  async receive(options: ReceiveOptions = {}): Promise<readonly QueueMessage[]> {
    const where = placeOf(this.#core, 'receive')
    const { limit = 1, leaseMs = defaultLeaseMs } = options
    const most = checkLimit(limit, this.info.limits.maxBatchMessages, where)
    checkLease(this.#core, leaseMs, where)
    const { driver, pipeline } = this.#core
    const messages = await pipeline.run('receive', undefined, options, this.#scope, ({ signal }) =>
      driver.receive(most, leaseMs, { signal }),
    )
    return messages.map((message) => delivered(message, where))
  }

  async ack({ id, receipt }: QueueMessage, options?: CallOptions): Promise<boolean> {
    const { driver, pipeline } = this.#core
    return pipeline.run('ack', id, options, this.#scope, ({ signal }) => driver.ack(id, receipt, { signal }))
  }

  async retry({ id, receipt }: QueueMessage, options: RetryMessageOptions = {}): Promise<boolean> {
    const delayMs = checkDelay(this.#core, options.delayMs, { ...placeOf(this.#core, 'retry'), key: id })
    const { driver, pipeline } = this.#core
    return pipeline.run('retry', id, options, this.#scope, ({ signal }) =>
      driver.retry(id, receipt, delayMs, { signal, ...keptError(options.error) }),
    )
  }

  async renew({ id, receipt }: QueueMessage, leaseMs: number, options?: CallOptions): Promise<boolean> {
    const where = { ...placeOf(this.#core, 'renew'), key: id }
    checkLease(this.#core, leaseMs, where)
    const { driver, pipeline } = this.#core
    const renew = driver.renew?.bind(driver)
    if (!this.info.features.renew || renew === undefined) {
      throw new CapabilityError(
        'Unsupported',
        `${this.info.provider} cannot renew the lease of a message`,
        where,
      )
    }
    return pipeline.run('renew', id, options, this.#scope, ({ signal }) =>
      renew(id, receipt, leaseMs, { signal }),
    )
  }

  async reject({ id, receipt }: QueueMessage, options?: RejectMessageOptions): Promise<boolean> {
    const { driver, pipeline } = this.#core
    const reject = driver.reject?.bind(driver)
    if (!this.info.features.deadLetter || reject === undefined) {
      const where = { ...placeOf(this.#core, 'reject'), key: id }
      throw new CapabilityError('Unsupported', `${this.info.provider} keeps no dead letters`, where)
    }
    return pipeline.run('reject', id, options, this.#scope, ({ signal }) =>
      reject(id, receipt, { signal, ...keptError(options?.error) }),
    )
  }

  async deadLetters(
    options: { readonly limit?: number } & CallOptions = {},
  ): Promise<readonly QueueMessage[]> {
    const where = placeOf(this.#core, 'deadLetters')
    const { driver, pipeline } = this.#core
    if (!this.info.features.deadLetter || driver.deadLetters === undefined) {
      throw new CapabilityError('Unsupported', `${this.info.provider} keeps no dead letters`, where)
    }
    const most = checkLimit(options.limit, this.info.limits.maxBatchMessages, where)
    const messages = await pipeline.run('deadLetters', undefined, options, this.#scope, ({ signal }) =>
      (driver.deadLetters as NonNullable<QueueDriver['deadLetters']>)(most, { signal }),
    )
    return messages.map((message) => delivered(message, where))
  }

  listDeadLetters(options: ListDeadLettersOptions = {}) {
    return listDeadLetters(this.#core, this.#scope, options)
  }

  redrive(options: RedriveOptions) {
    return redrive(this.#core, this.#scope, options)
  }
}

/** Both sides in one, as a bag holds it. */
class PortableQueue implements Queue {
  readonly #core: Core
  readonly #publisher: PortablePublisher
  readonly #consumer: PortableConsumer

  constructor(core: Core) {
    this.#core = core
    this.#publisher = new PortablePublisher(core, undefined)
    this.#consumer = new PortableConsumer(core, undefined)
  }

  get info() {
    return this.#core.driver.info
  }

  send(body: unknown, options?: SendOptions) {
    return this.#publisher.send(body, options)
  }

  sendBatch(bodies: readonly unknown[], options?: SendOptions) {
    return this.#publisher.sendBatch(bodies, options)
  }

  receive(options?: ReceiveOptions) {
    return this.#consumer.receive(options)
  }

  ack(message: QueueMessage, options?: CallOptions) {
    return this.#consumer.ack(message, options)
  }

  retry(message: QueueMessage, options?: RetryMessageOptions) {
    return this.#consumer.retry(message, options)
  }

  renew(message: QueueMessage, leaseMs: number, options?: CallOptions) {
    return this.#consumer.renew(message, leaseMs, options)
  }

  reject(message: QueueMessage, options?: RejectMessageOptions) {
    return this.#consumer.reject(message, options)
  }

  deadLetters(options?: { readonly limit?: number } & CallOptions) {
    return this.#consumer.deadLetters(options)
  }

  listDeadLetters(options?: ListDeadLettersOptions) {
    return this.#consumer.listDeadLetters(options)
  }

  redrive(options: RedriveOptions) {
    return this.#consumer.redrive(options)
  }
}

function placeOf({ pipeline }: Core, operation: string): Place {
  return { capability: pipeline.capability, operation }
}

function bodyText({ driver }: Core, body: unknown, where: Place): string {
  const text = toJsonText(body, 'message', where)
  checkSize(utf8Length(text), driver.info.limits.maxMessageBytes, 'message', where)
  return text
}

function checkDelay({ driver }: Core, delayMs: number | undefined, where: Place): number {
  if (delayMs === undefined) return 0
  checkArgument('delayMs', delayMs, { ...lifeRule, isAbove: false }, where)
  const { maxDelayMs } = driver.info.limits
  if (delayMs <= maxDelayMs) return delayMs
  throw new CapabilityError('LimitExceeded', `the delay is ${delayMs} ms, the limit is ${maxDelayMs}`, {
    ...where,
    details: { limit: 'maxDelayMs', max: maxDelayMs },
  })
}

function checkLease({ driver }: Core, leaseMs: number, where: Place): void {
  checkArgument('leaseMs', leaseMs, lifeRule, where)
  const { maxLeaseMs = Infinity } = driver.info.limits
  if (leaseMs <= maxLeaseMs) return
  throw new CapabilityError('LimitExceeded', `the lease is ${leaseMs} ms, the limit is ${maxLeaseMs}`, {
    ...where,
    details: { limit: 'maxLeaseMs', max: maxLeaseMs },
  })
}

function sentId(id: string | undefined, where: Place): string {
  if (id !== undefined) return id
  throw new CapabilityError(
    'Unexpected',
    'the store took the message and named no id; its driver is at fault',
    where,
  )
}

function delivered({ id, body, attempt, sentAt, receipt }: StoredMessage, where: Place): QueueMessage {
  return {
    id,
    body: fromJsonText(body, 'message', { ...where, key: id }),
    attempt,
    sentAt: new Date(sentAt),
    receipt,
  }
}
