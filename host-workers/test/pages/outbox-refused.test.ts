/** The outbox when the browser itself refuses requests, when the site's data is cleared, and when the browser is killed. */
import {
  browserIsThere,
  type BrowserName,
  launchBrowser,
  withoutBrowser,
} from '@flowport/presets/test/browser'
import { type Site, startSite } from '@flowport/presets/test/site'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Outbox } from '@flowport/host-workers/browser'
import { Api } from './api.ts'
import { type Browser, inLab, labPage, type Page } from './support.ts'

const names: readonly BrowserName[] = ['chromium', 'firefox']

for (const name of names) {
  const isThere = await browserIsThere(name)
  describe.skipIf(!isThere)(isThere ? name : `${name}: ${withoutBrowser[name]}`, () => {
    const profile = mkdtempSync(join(tmpdir(), 'flowport-outbox-refused-'))
    const api = new Api()
    /** A server without CORS headers. */
    let closed: Site
    let site: Site
    let browser: Browser
    let page: Page
    let box = ''
    let count = 0

    beforeAll(async () => {
      await api.start()
      const html = '<!doctype html><title>Lab</title><script type="module" src="/page.js"></script>'
      const policy = `<meta http-equiv="content-security-policy" content="connect-src 'self'">`
      ;[closed, site, browser] = await Promise.all([
        startSite({}),
        startSite({
          scripts: { '/page.js': join(import.meta.dirname, 'site/page.ts') },
          files: { '/': html, '/strict': policy + html },
          handle(request, response) {
            if (request.url !== '/clear') return false
            response
              .writeHead(200, { 'clear-site-data': '"storage"', 'content-type': 'text/html' })
              .end('cleared')
            return true
          },
        }),
        launchBrowser(name, { profile }),
      ])
      page = await labPage(browser, site.origin)
    })
    beforeEach(() => {
      box = `refused-${++count}`
    })
    afterAll(async () => {
      await browser?.close()
      await Promise.all([site?.close(), closed?.close(), api.stop()])
      rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    })

    /** Flushes `times` times. Resolves to the outcomes and the remaining entries. */
    const flushes = (tab: Page, urls: readonly string[], times: number, maxAttempts: number) =>
      inLab(
        tab,
        async (lab, box, urls, times, maxAttempts) => {
          const outbox = lab.createOutbox({
            name: box,
            auto: false,
            firstPauseMs: 1,
            maxPauseMs: 1,
            maxAttempts,
          })
          for (const [n, url] of urls.entries())
            await outbox.enqueue({ url, json: n }, { key: `${box}-${n}` })
          const results = []
          for (let i = 0; i < times; i++) results.push(await outbox.flush())
          const failed = (await outbox.failed()).map(({ key, problem }) => [key, problem ?? ''] as const)
          const pending = (await outbox.pending()).map(({ key, problem }) => [key, problem ?? ''] as const)
          await outbox.close()
          return { results, failed, pending }
        },
        box,
        urls,
        times,
        maxAttempts,
      )

    it('fails a request that CORS refuses, with the reason, and sends later ones', async () => {
      const seen = await flushes(page, [`${closed.origin}/orders`, `${api.origin}/behind`], 3, 3)
      expect(seen.results).toEqual([
        { sent: 0, failed: 0, pending: 2 },
        { sent: 0, failed: 0, pending: 2 },
        { sent: 1, failed: 1, pending: 0 },
      ])
      expect(seen.failed).toEqual([[`${box}-0`, expect.stringMatching(/can be reached.*CORS.*3 times/)]])
      expect(api.keysOf('/behind')).toEqual([`"${box}-1"`])
    })

    it('fails a request that the page’s policy refuses', async () => {
      const strict = await labPage(browser, `${site.origin}/strict`)
      const seen = await flushes(strict, [`${api.origin}/policy`], 2, 2)
      expect(seen.failed).toEqual([
        [`${box}-0`, expect.stringMatching(/Content-Security-Policy.*connect-src.*2 times/)],
      ])
      await strict.close()
    })

    it('never fails a request because the server is unreachable', async () => {
      const away = await startSite({})
      await away.close()
      const seen = await flushes(page, [`${away.origin}/orders`], 4, 2)
      expect(seen.failed).toEqual([])
      expect(seen.pending).toEqual([[`${box}-0`, expect.any(String)]])
    })

    it('continues after the site’s data was cleared under an open page', async () => {
      const state = await inLab(
        page,
        async (lab, box, url) => {
          const outbox = lab.createOutbox({ name: box, auto: false })
          Object.assign(globalThis, { outbox, url })
          await outbox.enqueue({ url, body: new Uint8Array(100_000) })
          return (await outbox.pending()).length
        },
        box,
        `${api.origin}/cleared`,
      )
      expect(state).toBe(1)
      const clearing = await browser.newPage()
      await clearing.goto(`${site.origin}/clear`)
      await clearing.close()
      const databases = () =>
        inLab(page, async () => (await indexedDB.databases()).map(({ name }) => name ?? ''))
      await expect.poll(databases).not.toContain(`flowport-outbox:${box}`)
      const used = await inLab(page, async () => {
        const { outbox, url } = globalThis as unknown as { readonly outbox: Outbox; readonly url: string }
        const left = (await outbox.pending()).length
        await outbox.enqueue({ url, body: 'new' })
        return [left, await outbox.flush()]
      })
      expect(used).toEqual([0, { sent: 1, failed: 0, pending: 0 }])
    })

    it('keeps every confirmed request intact when the browser is killed immediately', async () => {
      await api.stop()
      const made = await inLab(
        page,
        async (lab, box, url) => {
          const outbox = lab.createOutbox({ name: box, auto: false })
          const sizes = [10, 20_000, 300_000]
          for (const size of sizes) {
            const body = new Uint8Array(size).map((_, n) => 97 + ((n + size) % 26))
            await outbox.enqueue({ url, body }, { key: `killed-${size}` })
          }
          return sizes.length
        },
        box,
        `${api.origin}/bodies`,
      )
      const gone = new Promise((resolve) => browser.once('disconnected', resolve))
      browser.process()?.kill('SIGKILL')
      await gone
      browser = await launchBrowser(name, { profile })
      page = await labPage(browser, site.origin)
      await api.start()
      const sent = await inLab(
        page,
        async (lab, box) => {
          const outbox = lab.createOutbox({ name: box, auto: false })
          const keys = (await outbox.pending()).map(({ key, bodyBytes }) => `${key} ${bodyBytes}`)
          return [keys, await outbox.flush()] as const
        },
        box,
      )
      expect(sent).toEqual([
        ['killed-10 10', 'killed-20000 20000', 'killed-300000 300000'],
        { sent: made, failed: 0, pending: 0 },
      ])
      for (const { body } of api.received.filter(({ path }) => path === '/bodies')) {
        const whole = Array.from({ length: 26 }, (_, n) =>
          String.fromCharCode(97 + ((n + body.length) % 26)),
        ).join('')
        expect(body).toBe(whole.repeat(Math.ceil(body.length / 26)).slice(0, body.length))
      }
    }, 90_000)
  })
}
