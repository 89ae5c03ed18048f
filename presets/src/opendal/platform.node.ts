/** Opens the `opendal` preset on Node. The drivers are the next stop. */
import { checkLimits, createBlobStore, createKeyValue, type PresetOptions } from '@flowport/capabilities'
import type { PlatformPart } from '../platform/platform-part.ts'
import type { opendalEnv, OpendalOptions, opendalProvides } from './declaration.ts'
import { nativeTimeout, opendalBlobDriver, opendalKvDriver, operatorFactory } from './driver.ts'
import { sourceOf } from './source.ts'

export const platform: PlatformPart<OpendalOptions, typeof opendalEnv, typeof opendalProvides> | null = {
  portable: { blob: createBlobStore, kv: createKeyValue },
  check: ({ env, options }) => {
    checkLimits('preset "opendal": limits', options.limits ?? {})
    sourceOf(options, env)
  },
  async open({ env, log, clock: hostClock, options }) {
    const { ttl = 'per_write', kvFolder = '.flowport-kv/', clock = hostClock } = options
    const { timeoutMs = 60_000, ioTimeoutMs = 600_000, consistency, durability } = options
    const layers = [nativeTimeout({ timeoutMs, ioTimeoutMs })]
    const factory = operatorFactory(sourceOf(options, env), { layers, log })
    const operator = await factory.build()
    const shared = { scheme: factory.scheme, consistency, durability, log, clock }
    const { objects, limits, features, chunkBytes, concurrency } = options
    const { maxConditionalBytes = 64 * 1024 * 1024 } = options
    const blob = opendalBlobDriver(operator, {
      ...shared,
      root: factory.root,
      hidden: [kvFolder],
      objects,
      limits,
      features,
      chunkBytes,
      concurrency,
      maxConditionalBytes,
    })
    // A read-only service has blobs and no entries: `kv` is opened only when it is bound.
    const { only } = options as PresetOptions
    const withKv = only?.includes('kv') ?? true
    const kv = withKv ? opendalKvDriver(operator, { ...shared, ttl, folder: kvFolder }) : undefined
    return {
      blob,
      ...(kv === undefined ? {} : { kv }),
      close: async () => {
        await Promise.all([blob.close?.(), kv?.close?.()])
      },
    }
  },
}
