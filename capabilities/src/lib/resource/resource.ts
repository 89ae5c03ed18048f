/** What every portable object carries beside its contract: how a bag inspects, narrows, checks and closes it. */
import { type Domain, domainOf } from '../guarantees/domains.ts'
import type { CallOptions } from '../kv/contract.ts'
import type { CallScope, Pipeline } from '../layer.ts'

/** The key under which a portable object keeps its `ResourceControl`. */
export const control: unique symbol = Symbol.for('flowport.resource') as never

export interface ResourceControl {
  readonly domain: Domain
  readonly provider: string
  readonly info: unknown
  /** Names of its layers, outermost first. */
  readonly layers: readonly string[]
  /** The object as a node with this access sees it: other methods are absent, calls carry the scope. */
  readonly view: (access: string, scope: CallScope | undefined) => unknown
  /** Rejects when the store cannot serve. */
  check(options?: CallOptions): Promise<void>
  close(): Promise<void>
}

export interface Resource {
  readonly [control]: ResourceControl
}

/** What a driver offers beside its operations. */
interface Manageable {
  readonly info: { readonly provider: string }
  check?(call: { readonly signal?: AbortSignal | undefined }): unknown
  close?(): unknown
}

/**
 * The portable object with its control. Only the whole object carries one: a view must not be a way back to what it
 * was narrowed from.
 */
export function withControl<T extends object>(
  portable: T,
  domain: Domain,
  { driver, pipeline }: { readonly driver: Manageable; readonly pipeline: Pipeline },
  view: ResourceControl['view'],
): T & Resource {
  const value: ResourceControl = {
    domain,
    provider: driver.info.provider,
    info: driver.info,
    layers: pipeline.layers,
    view,
    check: async (options) => void (await driver.check?.({ signal: options?.signal })),
    close: async () => void (await driver.close?.()),
  }
  return Object.defineProperty(portable, control, { value }) as T & Resource
}

/** The control of a resource. An object without one, such as a test's own, gets one that does nothing. */
export function controlOf(name: string, resource: object): ResourceControl {
  if (control in resource) return (resource as Resource)[control]
  const info: unknown = 'info' in resource ? resource.info : null
  const provider =
    typeof info === 'object' && info !== null && 'provider' in info ? String(info.provider) : 'custom'
  return {
    domain: domainOf(name) ?? 'kv',
    provider,
    info,
    layers: [],
    view: () => resource,
    check: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
}
