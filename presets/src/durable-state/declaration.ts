/** The `durable-state` preset without its driver, shared with its stub on runtimes that have no Durable Objects. */
import {
  type BindingNeed,
  type Clock,
  type Layer,
  type Logger,
  logging,
  retry,
  timeout,
} from '@flowport/capabilities'
import * as Type from 'typebox'
import { isObjectNamespace, type Jurisdiction, type LocationHint } from '../cloudflare/durable/addressing.ts'
import { durableStateInfo } from './info.ts'

export interface DurableStateOptions {
  /** Binding of the class, `StateObject` or one that extends it. Default `'STATE'`. */
  readonly binding?: string
  /** Where the objects and what they store must stay. The same name in another one is another object. Default: anywhere. */
  readonly jurisdiction?: Jurisdiction
  /** Where objects that do not exist yet are made. Default: near their first caller. */
  readonly locationHint?: LocationHint
}

/** Reads no variables: bindings and options say all. */
export const durableStateEnv = Type.Object({})

export const durableStateProvides = { state: durableStateInfo } as const

export const defaultBinding = 'STATE'

export function durableStateBindings({
  binding = defaultBinding,
}: DurableStateOptions): readonly BindingNeed[] {
  return [
    {
      name: binding,
      what: 'a Durable Object namespace of the class StateObject (durable_objects.bindings)',
      fits: isObjectNamespace,
    },
  ]
}

/** Milliseconds one try may take. An object that is far away and asleep answers within a second or two. */
const timeoutMs = 10_000

export function durableStateLayers({
  log,
  clock,
}: {
  readonly log: Logger
  readonly clock: Clock
}): readonly Layer[] {
  return [logging({ log, clock }), retry({ clock, log }), timeout({ timeoutMs, clock })]
}
