/** The caller's side of a `Sequencer`: events by key, errors as `CapabilityError`s. */
import { type CallOptions, CapabilityError } from '@flowport/capabilities'
import {
  durableObject,
  inJurisdiction,
  type Jurisdiction,
  type LocationHint,
  type ObjectNamespace,
} from '../cloudflare/durable/addressing.ts'
import { callObject } from '../cloudflare/durable/call-object.ts'
import type { Outcome } from '../cloudflare/durable/outcome.ts'
import type { DeadEvent, Enqueued, SequencerCalls, SequencerStatus } from './sequencer-protocol.ts'

export interface SequencersOptions {
  /** Where the objects and what they store must stay. Default: anywhere. */
  readonly jurisdiction?: Jurisdiction
  /** Where objects that do not exist yet are made. Default: near their first caller. */
  readonly locationHint?: LocationHint
}

export interface Sequencers<E> {
  /** The sequence of that key. Keys have nothing to do with each other: their events run side by side. */
  of(key: string): SequencerHandle<E>
}

export interface SequencerHandle<E> {
  /**
   * Resolves once the event is stored: it will be handled after all that were accepted before it. An event whose id is
   * known is not queued again, so a call with an id can be repeated. Without one, a repeated call is a second event.
   */
  enqueue(event: E, options?: CallOptions & { readonly id?: string }): Promise<Enqueued>
  status(options?: CallOptions): Promise<SequencerStatus>
  /** Events set aside after too many attempts, oldest first. Default limit 100. */
  dead(options?: CallOptions & { readonly limit?: number }): Promise<readonly DeadEvent<E>[]>
  /** Queues a dead event again, behind all others. Resolves `false` when there is none of this id. */
  redrive(id: string, options?: CallOptions): Promise<boolean>
}

/** The sequences of a namespace whose class extends `Sequencer<E>`. */
export function sequencer<E = unknown>(
  namespace: ObjectNamespace,
  { jurisdiction, locationHint }: SequencersOptions = {},
): Sequencers<E> {
  const home = (
    jurisdiction === undefined ? namespace : inJurisdiction(namespace, jurisdiction)
  ) as ObjectNamespace<SequencerCalls>
  const options = locationHint === undefined ? {} : { locationHint }
  return {
    of(name) {
      // The platform may repeat a call that did not reach the object: no layer here does.
      const open = () => durableObject(home, { name, ...options })
      const ask = <T>(call: CallOptions, asked: (stub: SequencerCalls) => Promise<Outcome<T>>) =>
        callObject(open, call, asked)
      return {
        enqueue: async (event, { id = crypto.randomUUID(), ...call } = {}) => {
          const text = JSON.stringify(event) as string | undefined
          if (text === undefined)
            throw new CapabilityError('InvalidInput', 'the event cannot be written as JSON')
          return ask(call, (stub) => stub.sequenceEnqueue(id, text))
        },
        status: (call = {}) => ask(call, (stub) => stub.sequenceStatus()),
        dead: async ({ limit = 100, ...call } = {}) => {
          const found = await ask(call, (stub) => stub.sequenceDead(limit))
          return found.map(({ event, ...rest }) => ({ ...rest, event: JSON.parse(event) as E }))
        },
        redrive: (id, call = {}) => ask(call, (stub) => stub.sequenceRedrive(id)),
      }
    },
  }
}
