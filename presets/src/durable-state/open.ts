/** Durable state over a namespace: by name for flows, or one object by name, id or as a new one. */
import {
  CapabilityError,
  createDurableState,
  type CreateDurableStateOptions,
  type StateHandle,
} from '@flowport/capabilities'
import {
  durableObject,
  inJurisdiction,
  isObjectNamespace,
  type ObjectAddress,
  type ObjectNamespace,
} from '../cloudflare/durable/addressing.ts'
import { noNativeRetry } from '../cloudflare/durable/call-object.ts'
import { defaultBinding, type DurableStateOptions } from './declaration.ts'
import { DurableStateDriver } from './driver.ts'
import type { StateCalls } from './protocol.ts'

/** Opens the driver. `Misconfigured` names the binding that is missing. */
export function openDurableStateDriver(
  bindings: Readonly<Record<string, unknown>>,
  { binding = defaultBinding, jurisdiction, locationHint }: DurableStateOptions,
): DurableStateDriver {
  const bound = bindings[binding]
  if (!isObjectNamespace(bound)) {
    throw new CapabilityError(
      'Misconfigured',
      `preset "durable-state": the binding ${binding} is ${bound === undefined ? 'missing' : 'no Durable Object namespace'}; declare it under durable_objects.bindings in the wrangler file`,
      { details: { binding } },
    )
  }
  // Which class is behind it shows with the first call.
  const home = jurisdiction === undefined ? bound : inJurisdiction(bound, jurisdiction)
  const namespace = home as ObjectNamespace<StateCalls>
  return new DurableStateDriver((name) =>
    durableObject(namespace, {
      name,
      retry: noNativeRetry,
      ...(locationHint === undefined ? {} : { locationHint }),
    }),
  )
}

/** The handle of one object, with the id to find it again by. */
export interface StateObjectHandle {
  readonly state: StateHandle
  /** 64 hex digits, for `{ id }`. */
  readonly id: string
}

/**
 * The object at an address, also one that no name leads to. What a flow reaches by `state.of(name)` is at `{ name }`.
 *
 * @param options As for `createDurableState`: its name in errors, and layers. Default none.
 */
export function stateObjectAt(
  namespace: ObjectNamespace,
  address: ObjectAddress,
  options?: CreateDurableStateOptions,
): StateObjectHandle {
  const { jurisdiction, locationHint } = address
  const home = (
    jurisdiction === undefined ? namespace : inJurisdiction(namespace, jurisdiction)
  ) as ObjectNamespace<StateCalls & { readonly id: { toString(): string } }>
  const { jurisdiction: _home, ...inside } = address
  const id = durableObject(home, inside).id.toString()
  const driver = new DurableStateDriver(() =>
    durableObject(home, {
      id,
      retry: noNativeRetry,
      ...(locationHint === undefined ? {} : { locationHint }),
    }),
  )
  return { state: createDurableState(driver, options).of('name' in address ? address.name : id), id }
}
