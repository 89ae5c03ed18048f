import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { isCapabilityError, silentLogger } from '@flowport/capabilities'
import { createStorage, memoryScheme } from '@flowport/capabilities/storage'
import { systemClock } from '@flowport/capabilities/system'
import { decodeJwt, importSPKI, jwtVerify } from 'jose'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { gsScheme } from './scheme-entry.ts'
import { platformTransport } from '../object-http/transport.web.ts'
import { connectS3 } from '../s3/connect.web.ts'
import { type GsSchemeOptions, gsSchemeWith } from './scheme.ts'
import { startFakeGoogleXml } from '../../test/support/fake-google-xml.ts'

const webScheme = (options: GsSchemeOptions = {}) =>
  gsSchemeWith({ transport: platformTransport, connect: connectS3, machine: null }, options)

const google = await startFakeGoogleXml()
const { endpoint, bucket } = google
const [token = ''] = google.tokens
beforeEach(() => {
  google.empty()
  google.requests.length = 0
  google.posted.length = 0
})

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
const key = {
  type: 'service_account',
  client_email: 'flow@project.iam.gserviceaccount.com',
  private_key: pem,
  token_uri: `${endpoint}/token`,
}
const folder = mkdtempSync(join(tmpdir(), 'flowport-gs-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const uri = `gs://${bucket}/notes/ä 1+%.json`

describe('gs:// with tokens, on a fake of Google', () => {
  it('is a storage, with credentials that are set', async () => {
    const storage = createStorage({ schemes: [gsScheme({ endpoint }), memoryScheme()] })
    storage.setCredentials('gcs', { accessToken: token })
    await storage.write(uri, { a: 1 })
    expect(await storage.readJson(uri)).toEqual({ a: 1 })
    expect(await storage.stat(uri)).toMatchObject({ uri, size: 7, contentType: 'application/json' })
    expect((await storage.list(`gs://${bucket}/notes/`)).entries.map((entry) => entry.uri)).toEqual([uri])
    await storage.copy(uri, 'memory://copy.json')
    expect(await storage.read('memory://copy.json')).toBe('{"a":1}')
    await expect(storage.write(uri, 'other', { createOnly: true })).rejects.toMatchObject({
      kind: 'AlreadyExists',
    })
    await storage.move(uri, `gs://${bucket}/moved.json`)
    expect(await storage.exists(uri)).toBe(false)
    await storage.delete(`gs://${bucket}/`, { recursive: true })
    expect((await storage.list(`gs://${bucket}/`)).entries).toEqual([])
    // Amazon's headers belong to Amazon's signatures.
    expect(google.requests.flatMap(({ headers }) => Object.keys(headers)).join()).not.toContain('x-amz-')
    await storage.close()
  })

  it('takes the file, the key, the token of the environment, and what is set before them', async () => {
    const file = join(folder, 'key.json')
    writeFileSync(file, JSON.stringify(key))
    const reads = async (env: Record<string, string>) => {
      const storage = createStorage({ schemes: [gsScheme()], env: { GCS_ENDPOINT: endpoint, ...env } })
      await storage.write(uri, 'value')
      await storage.close()
      return storage
    }
    await reads({ GOOGLE_OAUTH_ACCESS_TOKEN: token })
    expect(google.posted).toEqual([])
    await reads({ GOOGLE_APPLICATION_CREDENTIALS: file })
    await reads({ GOOGLE_CREDENTIALS: btoa(JSON.stringify(key)) })
    await reads({
      GOOGLE_CREDENTIALS: JSON.stringify({
        type: 'authorized_user',
        client_id: 'id',
        client_secret: 'secret',
        refresh_token: 'refresh',
        token_uri: key.token_uri,
      }),
    })
    expect(google.posted.map((form) => form.get('grant_type'))).toEqual([
      'urn:ietf:params:oauth:grant-type:jwt-bearer',
      'urn:ietf:params:oauth:grant-type:jwt-bearer',
      'refresh_token',
    ])
    const assertion = google.posted[0]?.get('assertion') ?? ''
    const spki = await importSPKI(String(publicKey.export({ type: 'spki', format: 'pem' })), 'RS256')
    const { payload } = await jwtVerify(assertion, spki, {
      issuer: key.client_email,
      audience: key.token_uri,
    })
    expect(payload['scope']).toBe('https://www.googleapis.com/auth/devstorage.read_write')
    const { iat = 0, exp = 0 } = decodeJwt(assertion)
    expect(exp - iat).toBe(600)
    const storage = createStorage({
      schemes: [gsScheme({ endpoint })],
      env: { GOOGLE_OAUTH_ACCESS_TOKEN: token },
    })
    storage.setCredentials('gcs', { accessToken: 'another' })
    await expect(storage.read(uri)).rejects.toMatchObject({
      kind: 'Unauthenticated',
      message: expect.stringContaining('get a new one'),
    })
  })

  it('asks for a new token when the old one is refused', async () => {
    let count = 0
    const accessToken = async () => (++count === 1 ? 'ended' : token)
    const { blob } = await gsScheme({ endpoint, accessToken }).open(bucket, {
      credentials: null,
      env: {},
      log: silentLogger,
      clock: systemClock,
    })
    await blob.put('key', 'value')
    await blob.put('key', 'value')
    expect(count).toBe(2)
  })

  it.each([
    ['on Node', gsScheme],
    ['on the web', webScheme],
  ])(
    'keeps the condition of a stream: whole where its length is known, else in memory (%s)',
    async (_, scheme) => {
      const { blob } = await scheme({ endpoint, partBytes: 5_242_880 }).open(bucket, {
        credentials: { accessToken: token },
        env: {},
        log: silentLogger,
        clock: systemClock,
      })
      const stream = (bytes: number) => new Blob([new Uint8Array(bytes)]).stream()
      await blob.put('key', stream(6_000_000), { ifNoneMatch: '*', size: 6_000_000 })
      await expect(
        blob.put('key', stream(6_000_000), { ifNoneMatch: '*', size: 6_000_000 }),
      ).rejects.toMatchObject({ kind: 'AlreadyExists' })
      await expect(blob.put('new', stream(6_000_000), { ifNoneMatch: '*' })).rejects.toMatchObject({
        kind: 'LimitExceeded',
      })
      const { etag } = await blob.put('small', stream(1000), { ifNoneMatch: '*' })
      await blob.put('small', stream(2000), { ifMatch: etag })
      await expect(blob.put('small', stream(3000), { ifMatch: etag })).rejects.toMatchObject({
        kind: 'ConditionNotMatch',
      })
      const parts = await blob.put('parts', stream(12_000_000))
      expect(await blob.head('parts')).toEqual(parts)
      expect((await blob.list({ prefix: 'parts' })).objects[0]?.etag).toBe(parts.etag)
      expect(google.pendingUploads()).toBe(0)
    },
  )

  it('shows no token, key or secret in errors, inspections or JSON', async () => {
    const shown: unknown[] = []
    const secrets = ['MARKER', pem.slice(40, 90), token]
    for (const secret of [
      { accessToken: token },
      { accessToken: 'ya29.MARKERWRONG' },
      { accessToken: 'ya29.MARKER with\na break' },
      { credential: JSON.stringify(key) },
      { credential: JSON.stringify({ ...key, private_key: 'MARKER' }) },
      { credential: JSON.stringify({ ...key, token_uri: 'ftp://MARKER' }) },
      { credential: JSON.stringify({ ...key, token_uri: 'http://127.0.0.1:9/MARKER' }) },
      { credential: 'MARKER' },
      { credential: '{"type":"MARKER"}' },
      { credentialPath: '/no/such/file' },
      { accessKeyId: 'GOOG1', secretAccessKey: 'MARKERSECRET' },
    ]) {
      for (const place of [endpoint, 'http://127.0.0.1:9']) {
        const storage = createStorage({ schemes: [gsScheme()] })
        storage.setCredentials('gcs', { endpoint: place, ...secret })
        shown.push(storage, storage.describe())
        for (const call of [
          () => storage.read(`gs://${bucket}/absent`),
          () => storage.write(`gs://other-bucket/key`, 'value'),
          () => storage.list(`gs://other-bucket/`),
          () => storage.delete(`gs://other-bucket/key`),
        ])
          shown.push(
            await call().then(
              () => null,
              (error: unknown) => error,
            ),
          )
        await storage.close()
      }
    }
    expect(shown.filter(isCapabilityError).length).toBeGreaterThan(60)
    for (const one of shown) {
      const text =
        inspect(one, { depth: 12, showHidden: true }) +
        JSON.stringify(one) +
        (one instanceof Error ? one.stack : '')
      for (const secret of secrets) expect(text).not.toContain(secret)
    }
  })
})

describe('gs:// without credentials', () => {
  it('says which are missing and how to set them', async () => {
    const storage = createStorage({ schemes: [gsScheme()], env: {} })
    await expect(storage.read(uri)).rejects.toMatchObject({
      kind: 'Unauthenticated',
      code: 'MISSING_CREDENTIALS',
      message: expect.stringMatching(
        /setCredentials\('gcs'.*GOOGLE_APPLICATION_CREDENTIALS.*GOOGLE_ACCESS_KEY_ID/,
      ),
    })
    const half = createStorage({ schemes: [gsScheme()], env: { GOOGLE_ACCESS_KEY_ID: 'GOOG1' } })
    await expect(half.read(uri)).rejects.toMatchObject({
      message: expect.stringContaining('secretAccessKey missing'),
    })
  })

  it('says that there are no files where there are none', async () => {
    const env = { GOOGLE_APPLICATION_CREDENTIALS: '/key.json' }
    const storage = createStorage({ schemes: [webScheme()], env })
    await expect(storage.read(uri)).rejects.toMatchObject({
      kind: 'Misconfigured',
      message: expect.stringContaining('no files here'),
    })
  })

  it('refuses options that Google would', () => {
    expect(() => gsScheme({ partBytes: 1000 })).toThrow('partBytes')
    expect(() => gsScheme({ uploadConcurrency: 0 })).toThrow('uploadConcurrency')
  })
})
