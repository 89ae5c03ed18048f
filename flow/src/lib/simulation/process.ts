/** A process of the world: a machine with its own runtime over the shared stores, which takes calls and messages. */
import { type Logger, type Queue, type ResourceBag, silentLogger } from '@flowport/capabilities'
import { heldMessage } from '../delivery/held.ts'
import { deliverMessage } from '../delivery/message.ts'
import type { QueueConsumer } from '../delivery/consumers.ts'
import type { AnyFlow } from '../flow.ts'
import { handleHttp } from '../http/handle.ts'
import { createRuntime, type Runtime } from '../runtime/runtime.ts'
import { principalHeader, toHttpCall, toReply } from './http-call.ts'
import type { Machine } from './machine.ts'
import { type Reply, replyOfError } from './reply.ts'
import type { Stores } from './stores.ts'
import type { World } from './world.ts'

export interface ProcessOptions {
  readonly world: World
  readonly stores: Stores
  readonly consumers: readonly QueueConsumer[]
}

/** Milliseconds a delivery may work, and what its lease on the message adds, as the hosts have it. */
const deliveryMs = 30_000
const leaseMarginMs = 10_000

/** Milliseconds until a message of a crashed consumer comes back. */
export function messageLeaseMs({ trigger }: QueueConsumer): number {
  return (trigger.deadlineMs ?? deliveryMs) + leaseMarginMs
}

/** What a client sends. */
export interface SimulatedRequest {
  readonly input: unknown
  readonly principal?: string | undefined
}

export class Process {
  readonly machine: Machine
  readonly bag: ResourceBag
  readonly runtime: Runtime
  readonly #world: World
  readonly #consumers: readonly QueueConsumer[]

  constructor({ world, stores, consumers }: ProcessOptions) {
    this.machine = world.addMachine()
    this.bag = stores.bagFor(this.machine)
    this.#world = world
    this.#consumers = consumers
    const { clock, rng } = this.machine
    this.runtime = createRuntime(this.bag, {
      clock,
      rng,
      digest: simulatedDigest,
      hooks: [{ name: 'principal', before: ({ header }) => principalOf(header(principalHeader)) }],
      log: world.isTraced ? tracingLogger(world) : silentLogger,
    })
  }

  /** Sends the input to the flow as its trigger says. Never rejects. `gone` fires when the client gives up. */
  async call(flow: AnyFlow, request: SimulatedRequest, gone: AbortSignal): Promise<Reply> {
    const { trigger } = flow
    if (trigger.kind !== 'queue') return this.run(flow, request, gone)
    try {
      const { id } = await this.bag.require(`queue:${trigger.queue}`).send(request.input)
      return { kind: 'answer', text: `message ${id}` }
    } catch (error) {
      return replyOfError(error)
    }
  }

  /** Runs the flow with the input: over the HTTP bridge where it has a route, else as code or a delivery does. */
  async run(flow: AnyFlow, { input, principal }: SimulatedRequest, gone: AbortSignal): Promise<Reply> {
    const { trigger } = flow
    if (trigger.kind === 'http')
      return toReply(
        await handleHttp(this.runtime, { flow, trigger }, toHttpCall(trigger, { input, principal }, gone)),
      )
    const deadlineMs = (trigger.kind === 'manual' ? undefined : trigger.deadlineMs) ?? deliveryMs
    try {
      const answer = await this.runtime.start(flow, input, {
        deadlineMs,
        metadata: () => principalOf(principal),
      }).answer
      return { kind: 'answer', text: JSON.stringify(isStream(answer) ? await itemsOf(answer) : answer) ?? '' }
    } catch (error) {
      return replyOfError(error)
    }
  }

  /** Takes messages of every queue until the signal fires. */
  consume(stopped: AbortSignal): void {
    for (const consumer of this.#consumers) {
      const work = () => void this.#consume(consumer, stopped)
      this.#world.scheduler.on(this.machine, 0, work)
    }
  }

  async #consume(consumer: QueueConsumer, stopped: AbortSignal): Promise<void> {
    const { clock, rng } = this.machine
    const queue: Queue = this.bag.require(`queue:${consumer.trigger.queue}`)
    const leaseMs = messageLeaseMs(consumer)
    const { concurrency } = consumer.trigger
    while (!stopped.aborted) {
      try {
        const messages = await queue.receive({ limit: concurrency, leaseMs })
        await Promise.all(
          messages.map((message) =>
            deliverMessage(this.runtime, consumer, heldMessage(queue, message), {
              random: () => rng.float(),
              maxDelayMs: queue.info.limits.maxDelayMs,
            }),
          ),
        )
        if (messages.length === 0) await clock.sleep(leaseMs / 8)
      } catch {
        await clock.sleep(leaseMs / 8)
      }
    }
  }
}

function principalOf(principal: string | undefined): { readonly principal?: string } {
  return principal === undefined ? {} : { principal }
}

async function itemsOf(stream: AsyncIterable<unknown>): Promise<readonly unknown[]> {
  const items: unknown[] = []
  for await (const item of stream) items.push(item)
  return items
}

function isStream(answer: unknown): answer is AsyncIterable<unknown> {
  return typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer
}

/**
 * Stands in for SHA-256 without a thread: 32 bytes that differ for different inputs. Simulated inputs come from the test, so
 * nobody looks for collisions.
 */
async function simulatedDigest(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const sums = Uint32Array.from({ length: 8 }, (_, lane) => 0x811c9dc5 + lane)
  for (const byte of bytes)
    for (let lane = 0; lane < 8; lane++)
      sums[lane] = Math.imul((sums[lane] ?? 0) ^ byte, 0x01000193 + 2 * lane)
  return new Uint8Array(sums.buffer)
}

function tracingLogger(world: World): Logger {
  const say = (_fields: unknown, text?: string) => {
    if (text !== undefined) world.say(text)
  }
  const quiet = () => undefined
  return { ...silentLogger, debug: quiet, info: quiet, warn: say, error: say }
}
