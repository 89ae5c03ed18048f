/** Tells the object that lists the unknown keys of a store about one of them. */
import { durableObject, isObjectNamespace, type ObjectNamespace } from '../durable/addressing.ts'
import { callObject, noNativeRetry } from '../durable/call-object.ts'
import type { LedgerCalls } from './protocol.ts'
import type { Unlisted } from './records.ts'

/** Where an object is, as others keep it: the binding of its class and its id. */
export function indexPlace(binding: string, id: string): string {
  return `${binding}:${id}`
}

/** The binding and the id that a place is made of. */
export function placeParts(place: string): { readonly binding: string; readonly id: string } {
  const end = place.lastIndexOf(':')
  return { binding: place.slice(0, end), id: place.slice(end + 1) }
}

/**
 * Whether the index has the key now. The Worker that has the class must bind it under the name its callers use: an object
 * knows no namespace but those its own Worker binds.
 */
export async function tellIndex(env: unknown, { key, fence, index }: Unlisted): Promise<boolean> {
  const { binding: name, id } = placeParts(index)
  const binding = (Object(env) as Readonly<Record<string, unknown>>)[name]
  if (!isObjectNamespace(binding)) return false
  const namespace = binding as ObjectNamespace<LedgerCalls>
  const open = () => durableObject(namespace, { id, retry: noNativeRetry })
  try {
    await callObject(open, {}, (ledger) => ledger.note(key, fence))
    return true
  } catch {
    // The alarm of the object tries again.
    return false
  }
}
