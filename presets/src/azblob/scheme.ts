/** The `az://` scheme: `az://container/key` in one storage account. `AzureBlobDriver` is the next stop. */
import { CapabilityError, checkNumbers, countRule, createBlobStore } from '@flowport/capabilities'
import type { StorageScheme } from '@flowport/capabilities/storage'
import type { AccessTokenProvider } from '../object-http/held-token.ts'
import type { MakeTransport } from '../object-http/transport.ts'
import { type AzField, azFields, azureAccount } from './account.ts'
import { AzureBlobDriver } from './blob-driver.ts'
import { AzureClient } from './client.ts'

export interface AzSchemeOptions {
  /**
   * Gets a token of Microsoft Entra ID for `https://storage.azure.com`, and again before it ends. It is used when the
   * credentials that are set hold no key, signature or token. Default none.
   */
  readonly accessToken?: AccessTokenProvider
  /** Name of the storage account, where the credentials do not tell. Default none. */
  readonly account?: string
  /** Where the credentials do not tell. Default: the variable `AZURE_BLOB_ENDPOINT`, else `https://<account>.blob.core.windows.net`. */
  readonly endpoint?: string
  /** Sends no credentials where there are none, for containers that are open to the public. Default false. */
  readonly anonymous?: boolean
  /** Bytes of a block of an upload, 64 KiB to 1 GiB; 50 000 of them bound a stream. Default 8 MiB. */
  readonly blockBytes?: number
  /** Blocks of one upload that are held in memory and sent at the same time, 1 to 64. Default 4. */
  readonly uploadConcurrency?: number
}

export type AzScheme = StorageScheme<'az', 'azblob', AzField>

/** @param transport Makes the transport of one store. */
export function azSchemeWith(transport: MakeTransport, options: AzSchemeOptions): AzScheme {
  const { blockBytes, uploadConcurrency } = options
  checkNumbers('az', { blockBytes, uploadConcurrency }, numbers)
  return {
    scheme: 'az',
    provider: 'azblob',
    fields: azFields,
    authority: 'store',
    open(container, { credentials, env, log, clock }) {
      checkContainer(container)
      const { account, endpoint, authorization } = azureAccount(options, credentials ?? {}, env)
      const client = new AzureClient({
        endpoint,
        account,
        container,
        authorization,
        clock,
        transport: transport(),
      })
      const driver = new AzureBlobDriver({ client, blockBytes, uploadConcurrency, clock, log })
      return {
        blob: createBlobStore(driver),
        web: { origin: new URL(endpoint).origin, corsRule: azCorsRule },
        close: () => client.close(),
      }
    },
  }
}

/** The CORS rule that lets pages of an origin in. https://learn.microsoft.com/rest/api/storageservices/cross-origin-resource-sharing--cors--support-for-the-azure-storage-services */
export function azCorsRule(pageOrigin: string) {
  return {
    where: 'the CORS rules of the blob service of the storage account',
    rule: {
      allowedOrigins: [pageOrigin],
      allowedMethods: ['GET', 'HEAD', 'PUT', 'DELETE'],
      allowedHeaders: ['authorization', 'content-type', 'if-match', 'if-none-match', 'x-ms-*'],
      exposedHeaders: ['content-encoding', 'content-range', 'etag', 'x-ms-*'],
      maxAgeInSeconds: 3600,
    },
  }
}

/** https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata#container-names */
function checkContainer(name: string): void {
  if (/^(?:\$root|\$web|\$logs|(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*)$/.test(name)) return
  throw new CapabilityError(
    'InvalidInput',
    'a container has 3 to 63 lower-case letters, digits and single hyphens between them: az://container/key',
    { code: 'INVALID_URI' },
  )
}

const numbers = { blockBytes: countRule(64 * 1024, 1024 ** 3), uploadConcurrency: countRule(1, 64) }
