/** Access tokens for the service account that a machine in Google's cloud runs as. */
import { CapabilityError, type Clock } from '@flowport/capabilities'
import type { AccessTokenProvider } from '../object-http/held-token.ts'
import { tokenFrom } from './token-answer.ts'

/** https://cloud.google.com/compute/docs/access/authenticate-workloads#applications */
const metadataServer = 'http://metadata.google.internal'

/** Rejects with `Unauthenticated` outside Google's cloud, and with `Unavailable` when the metadata server does not answer. */
export function machineTokens(clock: Pick<Clock, 'now'>, server = metadataServer): AccessTokenProvider {
  const url = `${server}/computeMetadata/v1/instance/service-accounts/default/token`
  return async () => {
    let response: Response
    try {
      response = await fetch(url, {
        headers: { 'metadata-flavor': 'Google' },
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      })
    } catch (error) {
      const { cause } = error instanceof Error ? error : {}
      const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
      throw code === 'ENOTFOUND' || code === 'EAI_AGAIN'
        ? new CapabilityError(
            'Unauthenticated',
            'there are no credentials, and this machine has no identity of Google: set GCS_CREDENTIAL or GOOGLE_APPLICATION_CREDENTIALS',
            { cause: error },
          )
        : new CapabilityError('Unavailable', "the connection to Google's metadata server failed", {
            cause: error,
          })
    }
    return tokenFrom(response, clock)
  }
}

const timeoutMs = 10_000
