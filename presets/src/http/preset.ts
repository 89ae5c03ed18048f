/** The `http` preset on Node: blobs read from a web server, over connections that do not lead into private networks. */
import { createBlobStore, definePreset } from '@flowport/capabilities'
import { type HttpBlobOptions, httpEnv, httpProvides } from './declaration.ts'
import { httpNumbers } from './numbers.ts'
import { objectLayers } from '../object-http/object-layers.ts'
import { connectOnNode } from './node/connect.ts'
import { httpAccess, openHttp } from './open.ts'

export type { HttpBlobOptions } from './declaration.ts'

/** Provides `blob`, to read from. `HttpBlobDriver` is the next stop. */
export const http = definePreset<HttpBlobOptions, typeof httpEnv, typeof httpProvides>({
  name: 'http',
  env: httpEnv,
  provides: httpProvides,
  portable: { blob: createBlobStore },
  layers: objectLayers,
  numbers: httpNumbers,
  check: ({ env, options }) => void httpAccess(options, env),
  open: ({ env, options, log, clock }) => ({
    blob: openHttp({ options, env, log, clock, connect: connectOnNode }),
  }),
})
