/** The part of a KV namespace binding the driver uses. Cloudflare's `KVNamespace` fits it, and so does the twin. */

export interface KvNamespaceBinding {
  getWithMetadata(
    key: string,
    options: { type: 'arrayBuffer'; cacheTtl?: number },
  ): Promise<{ readonly value: ArrayBuffer | null; readonly metadata: unknown }>
  /** At most 100 keys, as text. */
  get(
    keys: string[],
    options: { type: 'text'; cacheTtl?: number },
  ): Promise<ReadonlyMap<string, string | null>>
  put(
    key: string,
    value: string | Uint8Array<ArrayBuffer>,
    options?: { expiration?: number; expirationTtl?: number; metadata?: unknown },
  ): Promise<void>
  delete(key: string): Promise<void>
  list(options: { prefix?: string; cursor?: string; limit?: number }): Promise<KvNamespacePage>
}

export interface KvNamespacePage {
  readonly keys: readonly {
    readonly name: string
    readonly expiration?: number
    readonly metadata?: unknown
  }[]
  readonly list_complete: boolean
  /** Present when the list is not complete. */
  readonly cursor?: string
}

/** Whether what is bound can be a KV namespace. */
export function isKvNamespace(binding: unknown): binding is KvNamespaceBinding {
  if (typeof binding !== 'object' || binding === null) return false
  return ['get', 'getWithMetadata', 'put', 'delete', 'list'].every(
    (method) => typeof (binding as Record<string, unknown>)[method] === 'function',
  )
}
