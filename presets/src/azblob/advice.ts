/** Azure's refusals as errors with advice, and its rules for names. */
import { CapabilityError, type ErrorKind, isCapabilityError } from '@flowport/capabilities'
import { type Advice, retold } from '../object-http/advised-blob-driver.ts'
import { maxSegments, refusedKeys } from './info.ts'

export const azblobAdvice: Advice = {
  error(error) {
    if (!isCapabilityError(error)) return error
    const code = error.details?.['serviceCode']
    const known = azureMeaning(code)
    if (known === undefined) return error
    const [kind, reason] = known
    return retold(error, kind, `${reason} (${String(code)})`)
  },
  checkKey(key) {
    if (!refusedKeys.test(key)) return
    throw new CapabilityError(
      'InvalidInput',
      `Azure takes no name with more than ${maxSegments} segments, a segment that ends with a dot, control characters, U+FFFE or U+FFFF; this preset also refuses space at the ends and U+2028`,
    )
  },
}

/** The error kind of a code of Azure, and advice. */
export type Meaning = readonly [ErrorKind, string]

/** Of those codes whose status does not say it; `undefined` of all others. */
export function azureMeaning(code: unknown): Meaning | undefined {
  return typeof code === 'string' && Object.hasOwn(byCode, code) ? byCode[code] : undefined
}

const credentials: Meaning = [
  'Unauthenticated',
  'Azure does not accept the credentials: check AZURE_STORAGE_ACCOUNT, AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN, whether the signature has expired, and the clock of this machine',
]
const rights: Meaning = [
  'PermissionDenied',
  'the credentials do not allow this: a shared access signature needs the permissions read, add, create, write, delete and list for all of the store',
]

/** https://learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes and …/blob-service-error-codes */
const byCode: Readonly<Record<string, Meaning>> = {
  AuthenticationFailed: credentials,
  InvalidAuthenticationInfo: credentials,
  NoAuthenticationInformation: credentials,
  // Azure: a firewall rule or missing rights. Azurite: also a wrong key.
  AuthorizationFailure: [
    'PermissionDenied',
    'Azure refuses it: check the key or signature, the network rules of the account, and the permissions of the signature',
  ],
  AuthorizationPermissionMismatch: rights,
  AuthorizationResourceTypeMismatch: rights,
  AuthorizationServiceMismatch: rights,
  AuthorizationSourceIPMismatch: rights,
  AuthorizationProtocolMismatch: rights,
  InsufficientAccountPermissions: rights,
  ContainerNotFound: [
    'Misconfigured',
    'there is no such container: create it, or correct AZURE_BLOB_CONTAINER',
  ],
  ContainerDisabled: ['Misconfigured', 'an administrator has disabled the container'],
  ContainerBeingDeleted: ['Unavailable', 'the container is being deleted'],
  ResourceNotFound: ['Misconfigured', 'there is no such account or container: correct the endpoint'],
  AccountIsDisabled: ['Misconfigured', 'the storage account is disabled'],
  ServerBusy: ['RateLimited', 'Azure asks for fewer calls'],
  OperationTimedOut: ['Timeout', 'Azure took too long'],
  InvalidBlockList: ['Unavailable', 'another writer put the same object meanwhile; put it again'],
  BlobArchived: ['Unavailable', 'the object is in the archive tier: rehydrate it first'],
  BlobImmutableDueToPolicy: ['PermissionDenied', 'a policy keeps the object from being changed'],
  LeaseIdMissing: ['PermissionDenied', 'somebody holds a lease on the object'],
  OutOfRangeInput: ['LimitExceeded', 'the name is longer than Azure takes'],
  RequestBodyTooLarge: ['LimitExceeded', 'the object or one block of it is larger than Azure takes'],
  MetadataTooLarge: ['LimitExceeded', 'the metadata is larger than Azure takes'],
}
