/** Answers of Google's token services, as access tokens. */
import { CapabilityError, type Clock } from '@flowport/capabilities'
import type { AccessToken } from '../object-http/held-token.ts'

/** The token of an answer. `Unavailable` when the service is busy, `Unauthenticated` when it gives no token. */
export async function tokenFrom(response: Response, clock: Pick<Clock, 'now'>): Promise<AccessToken> {
  const answer = await tokenAnswer(response)
  const { access_token: token, expires_in: seconds } = (answer ?? {}) as Readonly<Record<string, unknown>>
  if (response.ok && typeof token === 'string') {
    const expiresAt = typeof seconds === 'number' ? new Date(clock.now() + seconds * 1000) : undefined
    return { token, expiresAt }
  }
  if (response.status === 429 || response.status >= 500)
    throw new CapabilityError('Unavailable', `Google's token service answered ${response.status}; try again`)
  throw new CapabilityError(
    'Unauthenticated',
    `Google gave no access token (status ${response.status}): check the key, and the clock of this machine`,
  )
}

/** The JSON of the answer, `null` for any other text. `Unavailable` when the answer comes incomplete. */
async function tokenAnswer(response: Response): Promise<unknown> {
  let text: string
  try {
    text = await response.text()
  } catch (error) {
    throw new CapabilityError(
      'Unavailable',
      "the answer of Google's token service came incomplete; try again",
      { cause: error },
    )
  }
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}
