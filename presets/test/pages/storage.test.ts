import { fileURLToPath } from 'node:url'
import { createStorage } from '@flowport/capabilities/storage'
import type { Page } from 'puppeteer-core'
import { afterAll, describe, expect, it } from 'vitest'
import { s3CorsRule } from '../../src/s3/cors-rule.ts'
import { s3Scheme } from '../../src/s3/scheme-entry.ts'
import {
  type BrowserName,
  browserIsThere,
  launchBrowser,
  untilTrue,
  withoutBrowser,
} from '../support/browser.ts'
import { startRadosgw, withoutRadosgw } from '../support/radosgw.ts'
import { clientFor, createBucket } from '../support/s3-bucket.ts'
import { startSite } from '../support/site.ts'
import type { ToldError } from './site/storage.ts'

const server = await startRadosgw()

/** The rule as the S3 API takes it. */
function corsXml(rule: object): string {
  const { AllowedOrigins, AllowedMethods, AllowedHeaders, ExposeHeaders, MaxAgeSeconds } = rule as ReturnType<
    typeof ruleOf
  >
  const each = (name: string, values: readonly string[]) =>
    values.map((value) => `<${name}>${value}</${name}>`).join('')
  return `<CORSConfiguration><CORSRule>${each('AllowedOrigin', AllowedOrigins)}${each('AllowedMethod', AllowedMethods)}${each('AllowedHeader', AllowedHeaders)}${each('ExposeHeader', ExposeHeaders)}<MaxAgeSeconds>${MaxAgeSeconds}</MaxAgeSeconds></CORSRule></CORSConfiguration>`
}

function ruleOf(origin: string) {
  return s3CorsRule(origin).rule as {
    readonly AllowedOrigins: string[]
    readonly AllowedMethods: string[]
    readonly AllowedHeaders: string[]
    readonly ExposeHeaders: string[]
    readonly MaxAgeSeconds: number
  }
}

const script = fileURLToPath(new URL('site/storage.ts', import.meta.url))

for (const name of ['chromium', 'firefox'] as const satisfies readonly BrowserName[]) {
  if (server === null || !(await browserIsThere(name))) {
    describe.skip(`a page in ${name}`, () =>
      it(server === null ? withoutRadosgw : withoutBrowser[name], () => undefined))
    continue
  }
  describe(`a page in ${name}`, async () => {
    const site = await startSite({ scripts: { '/storage.js': script } })
    // Another origin that lets the page in, and one that does not.
    const open = await startSite({
      files: { '/data.txt': 'open' },
      headers: { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'etag, content-range' },
    })
    const shut = await startSite({ files: { '/data.txt': 'shut' } })
    const browser = await launchBrowser(name)
    afterAll(async () => {
      await browser.close()
      await Promise.all([site.close(), open.close(), shut.close()])
    })
    const { accessKeyId, secretAccessKey, endpoint } = server
    const bucket = `pages-${name}`
    const client = clientFor(server, bucket)
    await createBucket(client)
    const onServer = createStorage({
      schemes: [s3Scheme({ provider: 'ceph' })],
      credentials: { s3: { accessKeyId, secretAccessKey, endpoint } },
    })
    await onServer.write(`s3://${bucket}/hello.txt`, 'hello')
    let page: Page
    const run = async (call: string, ...args: unknown[]): Promise<{ value?: unknown; error?: ToldError }> => {
      page ??= await opened()
      return page.evaluate(
        (given: string, rest: unknown[]) =>
          (globalThis as unknown as { run(...args: unknown[]): Promise<object> }).run(given, ...rest),
        call,
        args,
      )
    }
    const opened = async () => {
      const made = await browser.newPage()
      await made.goto(site.origin)
      await untilTrue(made, 'typeof run === "function"')
      return made
    }

    it('keeps files in memory, and takes URIs as they are written', async () => {
      expect(await run('write', 'memory://a/ä b.txt', 'text')).toEqual({ value: 4 })
      expect(await run('read', 'memory://a/ä b.txt')).toEqual({ value: 'text' })
      expect(await run('list', 'memory://')).toEqual({ value: ['memory://a/ä b.txt'] })
      expect(await run('hash', 'memory://a/ä b.txt')).toEqual({
        value: '982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1',
      })
      expect((await run('read', 'memory://a/../b')).error?.code).toBe('INVALID_URI')
      expect((await run('read', 'gs://b/x')).error?.message).toMatch(
        /Supported: memory, opfs, http, s3, r2.*gsScheme from @flowport\/presets\/gcs\/storage/,
      )
    })

    it('reads from another origin that lets it in', async () => {
      expect(await run('read', `${open.origin}/data.txt?token=x`)).toEqual({ value: 'open' })
      expect(await run('copy', `${open.origin}/data.txt`, 'memory://copied')).toEqual({ value: { size: 4 } })
      expect((await run('read', `${open.origin}/none`)).error?.kind).toBe('NotFound')
      expect(await run('read', `${site.origin}/storage.js`)).toHaveProperty('value')
    })

    it('says which credentials are missing', async () => {
      const { error } = await run('read', `s3://${bucket}/hello.txt`)
      expect(error).toMatchObject({ kind: 'Unauthenticated', code: 'MISSING_CREDENTIALS' })
    })

    it('explains CORS where an origin does not let it in, with both origins and the rule', async () => {
      const { error } = await run('read', `${shut.origin}/data.txt?secret=marker`)
      expect(error).toMatchObject({ kind: 'Unavailable', code: 'CORS_NOT_ALLOWED', retryable: 'never' })
      expect(error?.message).toContain(`Access-Control-Allow-Origin: ${site.origin}`)
      expect(error?.message).toContain(shut.origin)
      expect(error?.json).not.toContain('marker')
    })

    it('says that a server is not there where it is not, and nothing of CORS', async () => {
      const { error } = await run('read', 'http://127.0.0.1:9/x')
      expect(error).toMatchObject({ kind: 'Unavailable' })
      expect(error?.message).not.toMatch(/CORS/)
    })

    it('uses a bucket with exactly the rule that the error gave it', { timeout: 120_000 }, async () => {
      await run('setCredentials', { accessKeyId, secretAccessKey, endpoint })
      const uri = `s3://${bucket}/hello.txt`
      const { error } = await run('read', uri)
      expect(error).toMatchObject({
        kind: 'Unavailable',
        code: 'CORS_NOT_ALLOWED',
        details: { origin: site.origin, server: endpoint, uri },
      })
      expect(error?.message).toContain(JSON.stringify(ruleOf(site.origin)))
      expect(error?.json).not.toContain(secretAccessKey)
      // The same for the far side of a copy.
      await run('write', 'memory://near', 'here')
      expect((await run('copy', 'memory://near', uri)).error).toMatchObject({
        code: 'CORS_NOT_ALLOWED',
        details: { origin: site.origin, server: endpoint, uri },
      })
      const { rule } = (error?.details ?? {}) as { readonly rule: object }
      await client.sendForHeaders({
        method: 'PUT',
        query: { cors: '' },
        body: new TextEncoder().encode(corsXml(rule)),
      })
      expect(await run('read', uri)).toEqual({ value: 'hello' })
      expect(await run('write', `s3://${bucket}/from/page ü.txt`, 'page')).toEqual({ value: 4 })
      expect(await onServer.read(`s3://${bucket}/from/page ü.txt`)).toBe('page')
      expect(await run('list', `s3://${bucket}/`)).toEqual({ value: [`s3://${bucket}/from/page ü.txt`, uri] })
      expect((await run('stat', uri)).value).toMatchObject({
        size: 5,
        contentType: 'text/plain; charset=utf-8',
      })
      expect(await run('copy', uri, 'memory://from-s3')).toEqual({ value: { size: 5 } })
      expect(await run('copy', uri, 'opfs://from/s3')).toEqual({ value: { size: 5 } })
      expect(await run('read', 'opfs://from/s3')).toEqual(await run('read', uri))
      // R2 is told what S3 is: Ceph's gateway stands in for its endpoint.
      await run('setCredentials', { accessKeyId, secretAccessKey, endpoint }, 'r2')
      expect(await run('copy', 'opfs://from/s3', `r2://${bucket}/from-opfs`)).toEqual({ value: { size: 5 } })
      expect(await run('read', `s3://${bucket}/from-opfs`)).toEqual(await run('read', uri))
      expect(await run('copy', 'memory://from-s3', `s3://${bucket}/back`)).toEqual({ value: { size: 5 } })
      expect(await run('copy', uri, `s3://${bucket}/same-store`)).toEqual({ value: { size: 5 } })
      expect((await run('read', `s3://${bucket}/none`)).error).toMatchObject({ kind: 'NotFound' })
      expect(await run('remove', `s3://${bucket}/from`)).toEqual({})
      expect(await onServer.exists(`s3://${bucket}/from`)).toBe(false)
      // Ceph refuses wrong keys without the headers of CORS, so that no page can read why.
      await run('setCredentials', { accessKeyId, secretAccessKey: 'wrong', endpoint })
      expect((await run('read', uri)).error?.message).toMatch(/look at the credentials/)
      expect((await run('describe')).value).not.toMatch(/wrong|secret-/)
    })

    it('sends what is large in parts, and reads it back', { timeout: 120_000 }, async () => {
      await run('setCredentials', { accessKeyId, secretAccessKey, endpoint })
      for (const uri of ['memory://large', `s3://${bucket}/large`])
        expect(await run('writeLarge', uri, 10)).toEqual({ value: 10 * 1024 * 1024 })
      // Of known length, which needs no parts.
      expect(await run('copy', 'memory://large', `s3://${bucket}/copied`)).toEqual({
        value: { size: 10 * 1024 * 1024 },
      })
      const digest = { value: await onServer.hash(`s3://${bucket}/large`) }
      expect(await run('hash', 'memory://large')).toEqual(digest)
      expect(await run('hash', `s3://${bucket}/large`)).toEqual(digest)
      expect(await run('hash', `s3://${bucket}/copied`)).toEqual(digest)
    })

    it('reads what another has written since, not what the browser has kept', async () => {
      const uri = `s3://${bucket}/fresh.txt`
      for (const text of ['first', 'second', 'third']) {
        await onServer.write(uri, text)
        expect(await run('read', uri)).toEqual({ value: text })
      }
    })
  })
}
