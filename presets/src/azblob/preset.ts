/** The `azblob` preset: blobs in a container of Azure Blob Storage. */
import { platformTransport } from '#object-http/transport'
import { platform as openDal } from '#opendal/engine'
import { azblobOn } from './on.ts'

export type { HttpDispatcher, S3HttpOptions } from '../object-http/http-options.ts'
export type { AzblobOptions } from './declaration.ts'

/** Provides `blob`. The next stop is `AzureBlobDriver`. */
export const azblob = azblobOn({ transport: platformTransport, openDal })
