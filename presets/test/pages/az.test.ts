import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { createStorage } from '@flowport/capabilities/storage'
import type { Page } from 'puppeteer-core'
import { afterAll, describe, expect, it } from 'vitest'
import { azScheme } from '../../src/azblob/scheme-entry.ts'
import { azCorsRule } from '../../src/azblob/scheme.ts'
import { sharedKeySigner } from '../../src/azblob/shared-key.ts'
import {
  accountSas,
  type Azurite,
  createContainer,
  startAzurite,
  withoutAzurite,
} from '../support/azurite.ts'
import {
  type BrowserName,
  browserIsThere,
  launchBrowser,
  untilTrue,
  withoutBrowser,
} from '../support/browser.ts'
import { startSite } from '../support/site.ts'
import type { ToldError } from './site/storage.ts'

const azurite = await startAzurite()
const script = fileURLToPath(new URL('site/clouds.ts', import.meta.url))

/** https://learn.microsoft.com/rest/api/storageservices/set-blob-service-properties */
async function setCors(
  { endpoint, account, accountKey }: Azurite,
  rule: ReturnType<typeof azCorsRule>['rule'],
): Promise<void> {
  const body = `<?xml version="1.0" encoding="utf-8"?><StorageServiceProperties><Cors><CorsRule><AllowedOrigins>${rule.allowedOrigins}</AllowedOrigins><AllowedMethods>${rule.allowedMethods}</AllowedMethods><AllowedHeaders>${rule.allowedHeaders}</AllowedHeaders><ExposedHeaders>${rule.exposedHeaders}</ExposedHeaders><MaxAgeInSeconds>0</MaxAgeInSeconds></CorsRule></Cors></StorageServiceProperties>`
  const query = { comp: 'properties', restype: 'service' }
  const headers = {
    'content-type': 'application/xml',
    'x-ms-date': new Date().toUTCString(),
    'x-ms-version': '2021-12-02',
  }
  const request = { method: 'PUT', path: `/${account}/`, query, headers, length: body.length }
  const authorization = await sharedKeySigner(account, accountKey)(request)
  const response = await fetch(`${endpoint}/?comp=properties&restype=service`, {
    method: 'PUT',
    headers: { ...headers, authorization },
    body,
  })
  if (!response.ok) throw new Error(`Azurite answered ${response.status}: ${await response.text()}`)
}

for (const name of ['chromium', 'firefox'] as const satisfies readonly BrowserName[]) {
  if (azurite === null || !(await browserIsThere(name))) {
    describe.skip(`az:// in a page in ${name}`, () =>
      it(azurite === null ? withoutAzurite : withoutBrowser[name], () => undefined))
    continue
  }
  describe(`az:// in a page in ${name}`, async () => {
    const site = await startSite({ scripts: { '/clouds.js': script } })
    const browser = await launchBrowser(name)
    afterAll(async () => {
      await browser.close()
      await site.close()
    })
    const { account, accountKey, endpoint } = azurite
    const container = await createContainer(azurite)
    const onServer = createStorage({ schemes: [azScheme()] })
    onServer.setCredentials('azblob', { account, accountKey, endpoint })
    const root = `az://${container}/`
    const sasToken = accountSas(azurite, 'rwdlac', new Date(Date.now() + 3_600_000))
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

    it('uses an account with exactly the rule that the error gave it', async () => {
      await onServer.write(`${root}hello.txt`, 'hello')
      expect((await run('read', `${root}hello.txt`)).error).toMatchObject({ code: 'MISSING_CREDENTIALS' })
      await run('az', { account, sasToken, endpoint })
      const { error } = await run('read', `${root}hello.txt`)
      expect(error).toMatchObject({ kind: 'Unavailable', code: 'CORS_NOT_ALLOWED', retryable: 'never' })
      expect(error?.message).toContain(JSON.stringify(azCorsRule(site.origin).rule))
      expect(error?.json).not.toMatch(/sig=/)
      const { rule } = (error?.details ?? {}) as { readonly rule: ReturnType<typeof azCorsRule>['rule'] }
      await setCors(azurite, rule)
      expect(await run('read', `${root}hello.txt`)).toEqual({ value: 'hello' })
    })

    it.each([
      ['a signature', { sasToken }],
      ['a key', { accountKey }],
    ])('writes, reads, lists, copies and deletes with %s', async (_, secret) => {
      await run('az', { account, endpoint, ...secret })
      const uri = `${root}from/page ü+%.txt`
      const { value: etag } = await run('write', uri, 'page')
      expect(await run('stat', uri)).toEqual({
        value: { size: 4, etag, contentType: 'text/plain; charset=utf-8', metadata: {} },
      })
      expect((await run('write', uri, 'other', true)).error).toMatchObject({ kind: 'AlreadyExists' })
      // What was read before is not read again from the browser's cache.
      expect(await run('read', uri)).toEqual({ value: 'page' })
      await onServer.write(uri, 'changed')
      expect(await run('read', uri)).toEqual({ value: 'changed' })
      expect(await run('readEnd', uri, 3)).toEqual({ value: 'ged' })
      expect(await run('copy', uri, `${root}copy`)).toEqual({ value: { size: 7 } })
      expect((await run('list', root)).value).toEqual([`${root}copy`, uri, `${root}hello.txt`])
      expect((await run('read', `${root}absent`)).error).toMatchObject({ kind: 'NotFound' })
      expect((await run('read', 'az://no-such-container/x')).error?.kind).toMatch(
        /^(Misconfigured|NotFound)$/,
      )
      await run('remove', `${root}from/`)
      await run('remove', `${root}copy`)
      expect((await run('list', root)).value).toEqual([`${root}hello.txt`])
      expect((await run('describe')).value).not.toContain(Object.values(secret)[0])
    })

    it('streams in blocks', async () => {
      await run('az', { account, sasToken, endpoint })
      expect(await run('writeLarge', `${root}large`, 4)).toEqual({ value: 4 * 1024 * 1024 })
      const hash = createHash('sha256')
      for (let left = 3; left >= 0; left--) hash.update(Buffer.alloc(1024 * 1024, 97 + left))
      expect(await run('hash', `${root}large`)).toEqual({ value: hash.digest('hex') })
    })

    it('says what a signature may not do', async () => {
      await run('az', {
        account,
        sasToken: accountSas(azurite, 'r', new Date(Date.now() + 3_600_000)),
        endpoint,
      })
      const { error } = await run('write', `${root}x`, 'x')
      expect(error).toMatchObject({ kind: 'PermissionDenied' })
      expect(error?.json).not.toMatch(/sig=/)
    })
  })
}
