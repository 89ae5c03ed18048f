import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { decodeJwt, importSPKI, jwtVerify } from 'jose'
import { afterAll, describe, expect, it } from 'vitest'
import { accessToken } from './access-token.ts'

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

const config = (key: object) => ({
  bucket: 'box',
  root: '',
  credential: Buffer.from(JSON.stringify(key)).toString('base64'),
})
const key = { type: 'service_account', client_email: email, private_key: pem, token_uri: audience }
const signal = new AbortController().signal

describe('access tokens of Google', () => {
  it('are those that were given, or none', async () => {
    expect(await accessToken({ bucket: 'box', root: '', token: 'given' }, signal)).toBe('given')
    expect(await accessToken({ bucket: 'box', root: '', allow_anonymous: true }, signal)).toBeNull()
  })

  it('are had for a signed statement of the service account', async () => {
    expect(await accessToken(config(key), signal)).toBe('ya29.x')
    const sent = asked.at(-1)
    expect(sent?.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer')
    const assertion = sent?.get('assertion') ?? ''
    const spki = await importSPKI(String(publicKey.export({ type: 'spki', format: 'pem' })), 'RS256')
    const { payload } = await jwtVerify(assertion, spki, { issuer: email, audience })
    expect(payload['scope']).toBe('https://www.googleapis.com/auth/devstorage.read_write')
    const { iat = 0, exp = 0 } = decodeJwt(assertion)
    expect(exp - iat).toBe(600)
  })

  it('that are refused, or cannot be had, are told without the key', async () => {
    status = 400
    const refused = accessToken(config(key), signal)
    await expect(refused).rejects.toMatchObject({ kind: 'Unauthenticated' })
    await expect(refused).rejects.not.toThrow(/PRIVATE/)
    await expect(accessToken(config({ type: 'external_account' }), signal)).rejects.toMatchObject({
      kind: 'Unsupported',
    })
  })
})
