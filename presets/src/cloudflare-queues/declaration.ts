/** The `cloudflare-queues` preset without its driver: what it reads, states and wraps, shared by all its variants. */
import {
  type BindingNeed,
  type Clock,
  type Layer,
  type Logger,
  logging,
  timeout,
} from '@flowport/capabilities'
import * as Type from 'typebox'
import { isQueueBinding } from './binding.ts'
import { cloudflareQueuesInfo } from './info.ts'

export interface CloudflareQueuesOptions {
  /** The name of the queue's producer binding. Default `'QUEUE'`. */
  readonly binding?: string
}

/** The queue comes as a binding: no variables. */
export const cloudflareQueuesEnv = Type.Object({})

export const cloudflareQueuesProvides = { queue: cloudflareQueuesInfo } as const

/** The binding a Worker needs. */
export function cloudflareQueuesBindings({
  binding = 'QUEUE',
}: CloudflareQueuesOptions): readonly BindingNeed[] {
  return [{ name: binding, what: 'a queue to send to (queues.producers)', fits: isQueueBinding }]
}

/** No `retry`: sending twice is two messages, so the layer would not do it. */
export function cloudflareQueuesLayers({
  log,
  clock,
}: {
  readonly log: Logger
  readonly clock: Clock
}): readonly Layer[] {
  return [logging({ log, clock }), timeout({ timeoutMs: 10_000, clock })]
}
