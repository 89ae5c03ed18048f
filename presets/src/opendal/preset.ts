/** The `opendal` preset: blobs and key-value entries on any service that OpenDAL's binary has. */
import {
  checkLimits,
  createBlobStore,
  createKeyValue,
  definePreset,
  type PresetOptions,
} from '@flowport/capabilities'
import { nativeTimeout, opendalBlobDriver, opendalKvDriver, operatorFactory } from './driver.ts'
import { type OpendalOptions, opendalEnv, opendalNumbers, opendalProvides } from './declaration.ts'
import { objectLayers } from '../object-http/object-layers.ts'
import { sourceOf } from './source.ts'

export type { OpendalOptions } from './declaration.ts'

/** Provides `blob` and `kv`. The drivers are the next stop. */
export const opendal = definePreset<OpendalOptions, typeof opendalEnv, typeof opendalProvides>({
  name: 'opendal',
  env: opendalEnv,
  provides: opendalProvides,
  portable: { blob: createBlobStore, kv: createKeyValue },
  numbers: opendalNumbers,
  layers: objectLayers,
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
    // A service that only reads has blobs and no entries: `kv` is opened only when it is bound.
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
})
