/** The `http` preset: blobs read from a web server. On Node its connections are kept out of private networks. */
import { platformAccess } from '#http/platform'
import { createBlobStore, definePreset } from '@flowport/capabilities'
import { objectLayers } from '../object-http/object-layers.ts'
import { type HttpBlobOptions, httpEnv, httpProvides } from './declaration.ts'
import { httpNumbers } from './numbers.ts'
import { httpAccess, openHttp } from './open.ts'

export type { HttpBlobOptions } from './declaration.ts'

/** Provides `blob`, for reading. `HttpBlobDriver` is the next stop. */
export const http = definePreset<HttpBlobOptions, typeof httpEnv, typeof httpProvides>({
  name: 'http',
  env: httpEnv,
  provides: httpProvides,
  portable: { blob: createBlobStore },
  layers: objectLayers,
  numbers: httpNumbers,
  check: ({ env, options }) => void httpAccess(options, env),
  open: ({ env, options, log, clock }) => ({
    blob: openHttp({ options, env, log, clock, connect: platformAccess.connect }),
  }),
})
