import { generateKeyPairSync } from 'node:crypto'
import { systemClock } from '@flowport/capabilities/system'
import { describe, expect, it } from 'vitest'
import { cutShort, fakeServer } from '../../test/support/fake-server.ts'
import { HeldToken } from '../object-http/held-token.ts'
import { fetchTransport } from '../object-http/fetch-transport.ts'
import { googleKeyTokens } from './google-key.ts'
import { googleTransport } from './google-transport.ts'

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})

describe('access tokens of Google', () => {
  it('a token that is cut off on its way is Unavailable, not a refusal', async () => {
    const { endpoint } = await fakeServer((_, response) =>
      cutShort(response, 200, JSON.stringify({ access_token: 'token', expires_in: 3600 })),
    )
    const key = {
      type: 'service_account',
      client_email: 'a@example.test',
      private_key: privateKey,
      token_uri: `${endpoint}/token`,
    }
    await expect(googleKeyTokens(JSON.stringify(key), systemClock)()).rejects.toMatchObject({
      kind: 'Unavailable',
      retryable: 'temporary',
    })
  })

  it('a refused token is asked for once, and serves every call in flight', async () => {
    const { endpoint: origin } = await fakeServer((request, response) =>
      response.writeHead(request.headers.authorization === 'Bearer token-1' ? 401 : 200).end(),
    )
    let asked = 0
    const transport = googleTransport({
      transport: fetchTransport(fetch),
      token: new HeldToken(async () => `token-${(asked += 1)}`),
      generations: true,
      clock: systemClock,
    })
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, i) =>
        transport.send({ method: 'GET', origin, path: `/bucket/${i}`, headers: {} }),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
    expect(asked).toBe(2)
    for (const answer of answers) await answer.cancel()
  })
})
