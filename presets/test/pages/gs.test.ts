import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { createStorage } from '@flowport/capabilities/storage'
import type { Page } from 'puppeteer-core'
import { afterAll, describe, expect, it } from 'vitest'
import { gsScheme } from '../../src/gcs/scheme-entry.ts'
import { gsCorsRule } from '../../src/gcs/scheme.ts'
import {
  type BrowserName,
  browserIsThere,
  launchBrowser,
  untilTrue,
  withoutBrowser,
} from '../support/browser.ts'
import { startFakeGoogleXml } from '../support/fake-google-xml.ts'
import { startSite } from '../support/site.ts'
import type { ToldError } from './site/storage.ts'

const google = await startFakeGoogleXml()
const script = fileURLToPath(new URL('site/clouds.ts', import.meta.url))

for (const name of ['chromium', 'firefox'] as const satisfies readonly BrowserName[]) {
  if (!(await browserIsThere(name))) {
    describe.skip(`gs:// in a page in ${name}`, () => it(withoutBrowser[name], () => undefined))
    continue
  }
  describe(`gs:// in a page in ${name}, on a fake of Google`, async () => {
    const site = await startSite({ scripts: { '/clouds.js': script } })
    const browser = await launchBrowser(name)
    afterAll(async () => {
      await browser.close()
      await site.close()
    })
    const { endpoint, bucket } = google
    const [accessToken = ''] = google.tokens
    const onServer = createStorage({ schemes: [gsScheme()] })
    onServer.setCredentials('gcs', { accessToken, endpoint })
    const root = `gs://${bucket}/`
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

    it('uses a bucket with exactly the rule that the error gave it', async () => {
      google.empty()
      await onServer.write(`${root}hello.txt`, 'hello')
      await run('gs', { accessToken, endpoint })
      const { error } = await run('read', `${root}hello.txt`)
      expect(error).toMatchObject({ kind: 'Unavailable', code: 'CORS_NOT_ALLOWED', retryable: 'never' })
      expect(error?.message).toContain(JSON.stringify(gsCorsRule(site.origin).rule))
      expect(error?.json).not.toContain(accessToken)
      const { rule } = (error?.details ?? {}) as { readonly rule: ReturnType<typeof gsCorsRule>['rule'] }
      google.cors = rule
      expect(await run('read', `${root}hello.txt`)).toEqual({ value: 'hello' })
    })

    it('writes, reads, lists, copies and deletes', async () => {
      const uri = `${root}from/page ü+%.txt`
      const { value: etag } = await run('write', uri, 'page')
      expect(await run('stat', uri)).toEqual({
        value: { size: 4, etag, contentType: 'text/plain; charset=utf-8', metadata: {} },
      })
      expect((await run('write', uri, 'other', true)).error).toMatchObject({ kind: 'AlreadyExists' })
      expect(await run('read', uri)).toEqual({ value: 'page' })
      await onServer.write(uri, 'changed')
      expect(await run('read', uri)).toEqual({ value: 'changed' })
      expect(await run('readEnd', uri, 3)).toEqual({ value: 'ged' })
      expect(await run('copy', uri, `${root}copy`)).toEqual({ value: { size: 7 } })
      expect((await run('list', root)).value).toEqual([`${root}copy`, uri, `${root}hello.txt`])
      expect((await run('read', `${root}absent`)).error).toMatchObject({ kind: 'NotFound' })
      await run('remove', `${root}from/`)
      await run('remove', `${root}copy`)
      expect((await run('list', root)).value).toEqual([`${root}hello.txt`])
      expect((await run('describe')).value).not.toContain(accessToken)
    })

    it('streams in parts, and in one request where there is a condition', async () => {
      const hash = createHash('sha256')
      for (let left = 5; left >= 0; left--) hash.update(Buffer.alloc(1024 * 1024, 97 + left))
      const value = hash.digest('hex')
      expect(await run('writeLarge', `${root}parts`, 6)).toEqual({ value: 6 * 1024 * 1024 })
      expect(await run('hash', `${root}parts`)).toEqual({ value })
      expect(await run('writeLarge', `${root}once`, 6, true)).toEqual({ value: 6 * 1024 * 1024 })
      expect(await onServer.hash(`${root}once`)).toBe(value)
      expect((await run('writeLarge', `${root}once`, 6, true)).error).toMatchObject({
        kind: 'AlreadyExists',
      })
    })

    it('says when the token is refused', async () => {
      await run('gs', { accessToken: 'ya29.another', endpoint })
      const { error } = await run('read', `${root}hello.txt`)
      expect(error).toMatchObject({ kind: 'Unauthenticated' })
      expect(error?.json).not.toContain('ya29.another')
    })
  })
}
