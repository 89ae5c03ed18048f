/** Google's refusals as errors with advice, and its rules for names. */
import { CapabilityError, type ErrorKind, isCapabilityError } from '@flowport/capabilities'
import { type Advice, retold } from '../object-http/advised-blob-driver.ts'
import { refusedKeys } from './info.ts'

export const gcsAdvice: Advice = {
  error(error) {
    if (!isCapabilityError(error)) return error
    const told = verdict(error)
    return told === null ? error : retold(error, ...told)
  },
  checkKey(key) {
    if (!refusedKeys.test(key)) return
    throw new CapabilityError(
      'InvalidInput',
      'Google refuses names with a line break and names below .well-known/acme-challenge/; this preset also refuses space at the ends, U+0085 and U+2028',
    )
  },
}

type Verdict = readonly [ErrorKind, string]

/** What to do about it; `null` where the error needs no advice. https://cloud.google.com/storage/docs/json_api/v1/status-codes */
function verdict({ kind, operation, details, cause }: CapabilityError): Verdict | null {
  const status = details?.['status']
  if (status === 401) {
    return [
      'Unauthenticated',
      'Google does not accept the credentials: check GCS_CREDENTIAL, GOOGLE_APPLICATION_CREDENTIALS or GCS_TOKEN, whether the token has expired, and the clock of this machine',
    ]
  }
  if (status === 403)
    return [
      'PermissionDenied',
      'the credentials do not allow this: give the account the role Storage Object User on the bucket',
    ]
  // Neither needs an object that is there.
  if (kind === 'NotFound' && (operation === 'put' || operation === 'list'))
    return ['Misconfigured', 'there is no such bucket: create it, or correct GCS_BUCKET']
  if (cause instanceof Error && /no valid credential found/.test(cause.message))
    return [
      'Unauthenticated',
      'there are no credentials, or none that Google gives a token for: check GCS_CREDENTIAL or GOOGLE_APPLICATION_CREDENTIALS',
    ]
  return null
}
