/** How a Durable Object is found: by name, by id, or as a new one, in a jurisdiction if asked. */
import { CapabilityError } from '@flowport/capabilities'

/** Where data must stay: https://developers.cloudflare.com/durable-objects/reference/data-location/ */
export type Jurisdiction = 'eu' | 'us' | 'fedramp' | 'fedramp-high'

/** Where an object that does not exist yet should be made; the same page. */
export type LocationHint =
  | 'wnam'
  | 'enam'
  | 'sam'
  | 'weur'
  | 'eeur'
  | 'apac'
  | 'apac-ne'
  | 'apac-se'
  | 'oc'
  | 'afr'
  | 'me'

/** An object's id. */
export interface ObjectId {
  /** 64 hex digits, which `idFromString` takes. */
  toString(): string
  readonly name?: string
}

export interface StubOptions {
  readonly locationHint?: LocationHint
  /** How often the platform itself repeats a call that did not reach the object; 0 leaves that to the caller. */
  readonly retry?: { readonly maxRetries?: number; readonly timeoutMs?: number }
}

/** A Durable Object binding. Cloudflare's `DurableObjectNamespace` is one. */
export interface ObjectNamespace<Stub = unknown> {
  idFromName(name: string): ObjectId
  idFromString(id: string): ObjectId
  newUniqueId(): ObjectId
  get(id: ObjectId, options?: StubOptions): Stub
  getByName(name: string, options?: StubOptions): Stub
  jurisdiction(jurisdiction: Jurisdiction): ObjectNamespace<Stub>
}

export type ObjectAddress = (
  | {
      /** The same name is the same object, everywhere and always. */
      readonly name: string
    }
  | {
      /** The 64 hex digits of an id that was kept. `InvalidInput` when they are none of this namespace. */
      readonly id: string
    }
  | {
      /** A new object that no name leads to: keep `stub.id.toString()`. */
      readonly unique: true
    }
) & {
  /** The object, and what it stores, stays there. The same name in another jurisdiction is another object. */
  readonly jurisdiction?: Jurisdiction
  /** Where to make the object if it does not exist yet. Default: near the first caller. */
  readonly locationHint?: LocationHint
  /** As `StubOptions.retry`. Default: the platform's. */
  readonly retry?: StubOptions['retry']
}

/**
 * A stub of the object. It costs nothing, and makes no object before its first call. After a call has failed make a new
 * one: a stub may stay broken.
 */
export function durableObject<Stub>(namespace: ObjectNamespace<Stub>, address: ObjectAddress): Stub {
  const { jurisdiction, locationHint, retry } = address
  const home = jurisdiction === undefined ? namespace : inJurisdiction(namespace, jurisdiction)
  const options: StubOptions = {
    ...(locationHint === undefined ? {} : { locationHint }),
    ...(retry === undefined ? {} : { retry }),
  }
  if ('name' in address) return home.getByName(address.name, options)
  return home.get('id' in address ? knownId(home, address.id) : home.newUniqueId(), options)
}

/** The part of the namespace whose objects stay in the jurisdiction. */
export function inJurisdiction<Stub>(
  namespace: ObjectNamespace<Stub>,
  jurisdiction: Jurisdiction,
): ObjectNamespace<Stub> {
  try {
    return namespace.jurisdiction(jurisdiction)
  } catch (cause) {
    // workerd outside of Cloudflare's network: https://github.com/cloudflare/workerd/issues/4167
    throw new CapabilityError(
      'Unsupported',
      `Durable Objects cannot be kept in the jurisdiction "${jurisdiction}" here: local workerd has none; set jurisdiction only where the Worker is deployed`,
      { cause },
    )
  }
}

/** Whether a binding can be a Durable Object namespace. */
export function isObjectNamespace(binding: unknown): binding is ObjectNamespace {
  return (
    typeof binding === 'object' &&
    binding !== null &&
    'idFromName' in binding &&
    typeof binding.idFromName === 'function' &&
    'get' in binding &&
    typeof binding.get === 'function'
  )
}

function knownId<Stub>(namespace: ObjectNamespace<Stub>, id: string): ObjectId {
  try {
    return namespace.idFromString(id)
  } catch (cause) {
    throw new CapabilityError(
      'InvalidInput',
      'the id is none of this namespace and jurisdiction; give the 64 hex digits of one made there',
      { cause },
    )
  }
}
