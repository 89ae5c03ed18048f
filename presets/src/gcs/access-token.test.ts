import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeJwt, importSPKI, jwtVerify } from 'jose'
import { systemClock } from '@flowport/capabilities/system'
import { afterAll, describe, expect, it } from 'vitest'
import type { AccessToken } from '../object-http/held-token.ts'
import { googleKeyTokens } from './google-key.ts'
import { machineTokens } from './machine-tokens.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
const asked: URLSearchParams[] = []
let status = 200

/** A fake of Google's token service: it hands out a token for anything it is sent. */
const server = createServer((request, response) => {
  let body = ''
  request.on('data', (chunk: Buffer) => (body += chunk.toString()))
  request.on('end', () => {
    asked.push(new URLSearchParams(body))
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(status === 200 ? '{"access_token":"ya29.x","expires_in":3600}' : '{"error":"invalid_grant"}')
  })
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
afterAll(() => void server.close())
const audience = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`
const email = 'flow@project.iam.gserviceaccount.com'

const key = { type: 'service_account', client_email: email, private_key: pem, token_uri: audience }
const tokens = (credential: object) => googleKeyTokens(JSON.stringify(credential), systemClock)

describe('access tokens of Google', () => {
  it('are exchanged for an assertion signed with the key of a service account', async () => {
    expect(await tokens(key)()).toMatchObject({ token: 'ya29.x', expiresAt: expect.any(Date) })
    const sent = asked.at(-1)
    expect(sent?.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer')
    const assertion = sent?.get('assertion') ?? ''
    const spki = await importSPKI(String(publicKey.export({ type: 'spki', format: 'pem' })), 'RS256')
    const { payload } = await jwtVerify(assertion, spki, { issuer: email, audience })
    expect(payload['scope']).toBe('https://www.googleapis.com/auth/devstorage.read_write')
    const { iat = 0, exp = 0 } = decodeJwt(assertion)
    expect(exp - iat).toBe(600)
  })

  it('come from the metadata server for the identity of a machine', async () => {
    const server = audience.replace('/token', '')
    const { token, expiresAt } = (await machineTokens(systemClock, server)()) as AccessToken
    expect(token).toBe('ya29.x')
    expect((expiresAt?.getTime() ?? 0) - Date.now()).toBeGreaterThan(3_000_000)
    await expect(machineTokens(systemClock, 'http://127.0.0.1:9')()).rejects.toMatchObject({
      kind: 'Unavailable',
    })
    await expect(machineTokens(systemClock, 'http://metadata.invalid')()).rejects.toMatchObject({
      kind: 'Unauthenticated',
      message: expect.stringContaining('GCS_CREDENTIAL'),
    })
  })

  it('are refused with an error that does not hold the key', async () => {
    status = 400
    const refused = tokens(key)()
    await expect(refused).rejects.toMatchObject({ kind: 'Unauthenticated' })
    await expect(refused).rejects.not.toThrow(/PRIVATE/)
    expect(() => tokens({ type: 'external_account' })).toThrow(/neither a service account nor a user/)
  })
})
