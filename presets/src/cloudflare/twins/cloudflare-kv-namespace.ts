/** The binding of a namespace, as a Worker sees the twin. */

/** How a value is read; the binding takes the type alone or among options. */
export type TwinRead<T extends string> = T | { readonly type: T; readonly cacheTtl?: number }

/** Options of a read as text. */
export interface TwinUntyped {
  readonly type?: undefined
  readonly cacheTtl?: number
}

export interface TwinEntry<V, M = unknown> {
  value: V | null
  metadata: M | null
  cacheStatus: string | null
}

export interface TwinPutOptions {
  /** Seconds since the epoch. */
  readonly expiration?: number
  /** Seconds from now; wins over `expiration`. */
  readonly expirationTtl?: number
  readonly metadata?: unknown
}

export interface TwinListed<M = unknown> {
  name: string
  expiration?: number
  metadata?: M
}

export type TwinPage<M = unknown> =
  | { list_complete: true; keys: TwinListed<M>[]; cacheStatus: string | null }
  | { list_complete: false; keys: TwinListed<M>[]; cursor: string; cacheStatus: string | null }

/**
 * What a Worker has as a binding: the methods of `KVNamespace`, with its refusals and their texts. Where a `KVNamespace`
 * is asked for it can be given; that is why its JSON is typed by the caller, as there.
 */
export interface TwinNamespace {
  get(key: string, read?: TwinRead<'text'> | TwinUntyped): Promise<string | null>
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the type it must fit has them
  get<T = unknown>(key: string, read?: TwinRead<'json'>): Promise<T | null>
  get(key: string, read?: TwinRead<'arrayBuffer'>): Promise<ArrayBuffer | null>
  get(key: string, read?: TwinRead<'stream'>): Promise<ReadableStream | null>
  get(keys: string[], read?: TwinRead<'text'> | TwinUntyped): Promise<Map<string, string | null>>
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as above
  get<T = unknown>(keys: string[], read?: TwinRead<'json'>): Promise<Map<string, T | null>>
  getWithMetadata<M = unknown>(
    key: string,
    read?: TwinRead<'text'> | TwinUntyped,
  ): Promise<TwinEntry<string, M>>
  getWithMetadata<T = unknown, M = unknown>(key: string, read?: TwinRead<'json'>): Promise<TwinEntry<T, M>>
  getWithMetadata<M = unknown>(
    key: string,
    read?: TwinRead<'arrayBuffer'>,
  ): Promise<TwinEntry<ArrayBuffer, M>>
  getWithMetadata<M = unknown>(key: string, read?: TwinRead<'stream'>): Promise<TwinEntry<ReadableStream, M>>
  getWithMetadata<M = unknown>(
    keys: string[],
    read?: TwinRead<'text'> | TwinUntyped,
  ): Promise<Map<string, TwinEntry<string, M>>>
  getWithMetadata<T = unknown, M = unknown>(
    keys: string[],
    read?: TwinRead<'json'>,
  ): Promise<Map<string, TwinEntry<T, M>>>
  put(
    key: string,
    value: string | ArrayBuffer | ArrayBufferView | ReadableStream,
    options?: TwinPutOptions,
  ): Promise<void>
  delete(key: string): Promise<void>
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as above
  list<M = unknown>(options?: {
    readonly prefix?: string | null
    readonly cursor?: string | null
    readonly limit?: number
  }): Promise<TwinPage<M>>
}
