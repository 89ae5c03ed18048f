/** The `cloudflare-kv` preset without its drivers: what it reads, states and wraps, shared by all its variants. */
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
import type { PlatformPart } from '../platform/platform-part.ts'
import { isKvNamespace } from './binding.ts'
import type { CloudflareKvInfo } from './info.ts'
import type { Fetch } from './rest-client.ts'

export interface CloudflareKvOptions {
  /** Workers: the name of the KV namespace binding. Default `'KV'`. */
  readonly binding?: string
  /** Seconds to live of entries put without a time to live, a whole number of at least 60. Default: they stay. */
  readonly defaultTtlSeconds?: number
  /**
   * Workers: `getWithMetadata` asks for the end of the entry by a `list` call beside the read, because the binding tells
   * it nowhere else. Each such read then counts as two operations and is as slow as a list. Default false: `expiresAt`
   * of what is read is `null`; that of what is listed is always told.
   */
  readonly readExpiry?: boolean
  /** Node: the account of the namespace. Default: the variable `CLOUDFLARE_ACCOUNT_ID`. */
  readonly accountId?: string
  /** Node: the id of the namespace. Default: the variable `CLOUDFLARE_KV_NAMESPACE_ID`. */
  readonly namespaceId?: string
  /** Node: a token with "Workers KV Storage" permission. Default: the variable `CLOUDFLARE_API_TOKEN`. */
  readonly apiToken?: string
  /** Node: where the API is. Default `'https://api.cloudflare.com/client/v4'`. */
  readonly baseUrl?: string
  /** Node: makes the requests. Default the global `fetch`. */
  readonly fetch?: Fetch
}

/** On Workers the namespace comes as a binding: no variables. */
export const cloudflareKvEnv = Type.Object({})

/** On Node. Optional, because options win over variables; what is in neither is `Misconfigured` when it is opened. */
export const cloudflareKvRestEnv = Type.Object({
  CLOUDFLARE_ACCOUNT_ID: Type.Optional(Type.String({ description: 'Account of the KV namespace.' })),
  CLOUDFLARE_KV_NAMESPACE_ID: Type.Optional(Type.String({ description: 'Id of the KV namespace.' })),
  CLOUDFLARE_API_TOKEN: Type.Optional(
    Type.String({ description: 'Secret: an API token with "Workers KV Storage" permission.' }),
  ),
})

export type CloudflareKvEnv = typeof cloudflareKvEnv | typeof cloudflareKvRestEnv

/** Never `dedupe`: an eventually consistent store cannot reserve a key. */
export interface CloudflareKvProvides {
  readonly kv: CloudflareKvInfo
}

/** The binding a Worker needs. */
export function cloudflareKvBindings({ binding = 'KV' }: CloudflareKvOptions): readonly BindingNeed[] {
  return [{ name: binding, what: 'a KV namespace (kv_namespaces)', fits: isKvNamespace }]
}

/**
 * `logging`, `retry`, `timeout`: each try is timed, a rate limit is waited for. 10 seconds are enough for the largest
 * value over the binding; over the internet, where `cloudflareKvRestLayers` is used, 30.
 */
export function cloudflareKvLayers(context: LayerContext): readonly Layer[] {
  return layersWith(context, 10_000)
}

export function cloudflareKvRestLayers(context: LayerContext): readonly Layer[] {
  return layersWith(context, 30_000)
}

/** What differs between Workers and Node. */
export type CloudflareKvPlatform = PlatformPart<CloudflareKvOptions, CloudflareKvEnv, CloudflareKvProvides>

interface LayerContext {
  readonly log: Logger
  readonly clock: Clock
}

function layersWith({ log, clock }: LayerContext, timeoutMs: number): readonly Layer[] {
  return [logging({ log, clock }), retry({ clock, log }), timeout({ timeoutMs, clock })]
}
