/**
 * The outbox across reloads, crashes, tabs and network failures, with effects counted at a server that honours idempotency
 * keys.
 */
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
import { Api } from './api.ts'
import { type Browser, inLab, labPage, type Page, ready } from './support.ts'

const names: readonly BrowserName[] = ['chromium', 'firefox']

for (const name of names) {
  const isThere = await browserIsThere(name)
  describe.skipIf(!isThere)(isThere ? name : `${name}: ${withoutBrowser[name]}`, () => {
    const profile = mkdtempSync(join(tmpdir(), 'flowport-outbox-'))
    const api = new Api()
    const served: string[] = []
    let browser: Browser
    let site: Site
    let page: Page
    /** Name of the outbox, different for each test. */
    let box = ''
    let count = 0

    beforeAll(async () => {
      await api.start()
      site = await startSite({
        scripts: {
          '/page.js': join(import.meta.dirname, 'site/page.ts'),
          '/sw.js': join(import.meta.dirname, 'site/sw.ts'),
        },
        files: {
          '/': '<!doctype html><title>Lab</title><script type="module" src="/page.js"></script>',
          '/style.css': '',
        },
        handle(request, response) {
          if (request.url !== '/notes/of-the-server') return false
          served.push(String(request.headers['idempotency-key']))
          response.writeHead(200).end('{}')
          return true
        },
      })
      browser = await launchBrowser(name, { profile })
      page = await labPage(browser, site.origin)
    })
    beforeEach(async () => {
      box = `box-${++count}`
      await api.stop()
    })
    afterAll(async () => {
      await browser.close()
      await site.close()
      await api.stop()
      rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    })

    /** Queues requests without sending them. */
    const queue = (path: string, keys: readonly string[]) =>
      inLab(
        page,
        async (lab, box, url, keys) => {
          const outbox = lab.createOutbox({ name: box, auto: false })
          for (const key of keys) await outbox.enqueue({ url, json: { key } }, { key })
          await outbox.close()
        },
        box,
        api.origin + path,
        keys,
      )

    /** Starts an outbox that sends automatically, and leaves it running. */
    const sendBy = (tab: Page) =>
      inLab(tab, (lab, box) => void lab.createOutbox({ name: box, firstPauseMs: 50, maxPauseMs: 200 }), box)

    const waiting = (tab: Page) =>
      inLab(
        tab,
        async (lab, box) => {
          const outbox = lab.createOutbox({ name: box, auto: false })
          const [pending, failed] = [await outbox.pending(), await outbox.failed()]
          await outbox.close()
          return {
            pending: pending.map(({ key }) => key),
            failed: failed.map(({ key, answer }) => [key, answer ?? null]),
          }
        },
        box,
      )

    const done = { pending: [], failed: [] }

    it('keeps requests across a reload without a server, and sends each once and in order when the server is up', async () => {
      const keys = ['r-1', 'r-2', 'r-3']
      await queue('/reload', keys)
      await page.reload()
      await ready(page)
      expect(await waiting(page)).toEqual({ pending: keys, failed: [] })
      await sendBy(page)
      await api.start()
      await expect.poll(() => waiting(page)).toEqual(done)
      expect(api.keysOf('/reload')).toEqual(keys.map((key) => `"${key}"`))
      expect(api.received.find(({ key }) => key === '"r-2"')?.body).toBe('{"key":"r-2"}')
    })

    it('sends each request once from two sending tabs', async () => {
      const keys = Array.from({ length: 20 }, (_, n) => `t-${n}`)
      await queue('/tabs', keys)
      const other = await labPage(browser, site.origin)
      await Promise.all([sendBy(page), sendBy(other)])
      await api.start()
      await expect.poll(() => waiting(page)).toEqual(done)
      expect(api.keysOf('/tabs')).toEqual(keys.map((key) => `"${key}"`))
      await other.close()
    })

    it('continues in another tab when the sending tab dies', async () => {
      await api.start()
      api.scripted.set('/dies', ['hold'])
      await queue('/dies', ['d-1', 'd-2'])
      const sending = await labPage(browser, site.origin)
      await sendBy(sending)
      await expect.poll(() => api.keysOf('/dies')).toEqual(['"d-1"'])
      // Waits for the lock behind the sending tab.
      await sendBy(page)
      await sending.close()
      await expect.poll(() => waiting(page)).toEqual(done)
      expect(api.keysOf('/dies')).toEqual(['"d-1"', '"d-1"', '"d-2"'])
      expect(api.effects.get('"d-1"')).toBe(1)
    })

    it('sends under the same key after the browser was killed before the answer: one effect', async () => {
      await api.start()
      api.scripted.set('/killed', ['hold'])
      await queue('/killed', ['k-1'])
      await sendBy(page)
      await expect.poll(() => api.keysOf('/killed')).toEqual(['"k-1"'])
      const { pid } = browser.process() ?? {}
      expect(pid).toBeTypeOf('number')
      const gone = new Promise((resolve) => browser.once('disconnected', resolve))
      browser.process()?.kill('SIGKILL')
      await gone
      browser = await launchBrowser(name, { profile })
      page = await labPage(browser, site.origin)
      expect((await waiting(page)).pending).toEqual(['k-1'])
      await sendBy(page)
      await expect.poll(() => waiting(page)).toEqual(done)
      expect(api.keysOf('/killed')).toEqual(['"k-1"', '"k-1"'])
      expect(api.effects.get('"k-1"')).toBe(1)
    }, 90_000)

    it('retries a server that answers 500 twice, and fails a 422 with its answer', async () => {
      await api.start()
      api.scripted.set('/flaky', [500, 500])
      api.scripted.set('/refused', [422])
      await queue('/flaky', ['f-1'])
      await queue('/refused', ['f-2'])
      await queue('/after', ['f-3'])
      await sendBy(page)
      await expect.poll(() => api.keysOf('/after')).toEqual(['"f-3"'])
      await expect
        .poll(() => waiting(page))
        .toEqual({
          pending: [],
          failed: [
            ['f-2', { status: 422, contentType: 'application/problem+json', body: '{"code":"E422"}' }],
          ],
        })
      expect(api.keysOf('/flaky')).toEqual(['"f-1"', '"f-1"', '"f-1"'])
      expect([...api.effects.keys()].filter((key) => key.startsWith('"f-'))).toEqual(['"f-1"', '"f-3"'])
    })

    it('stores no credentials, but adds them when it sends', async () => {
      await api.start()
      api.scripted.set('/secret', [503])
      const kept = await inLab(
        page,
        async (lab, box, url) => {
          const outbox = lab.createOutbox({
            name: box,
            auto: false,
            firstPauseMs: 1,
            maxPauseMs: 1,
            prepare: (request) => {
              request.headers.set('authorization', 'Bearer marker-51c2')
              return request
            },
          })
          await outbox.enqueue({ url, json: {} })
          await outbox.flush()
          const names = (await indexedDB.databases()).map(({ name }) => name ?? '')
          const rows = []
          for (const name of names.filter((name) => name.endsWith(box))) {
            const db = await new Promise<IDBDatabase>((resolve) => {
              const opening = indexedDB.open(name)
              opening.onsuccess = () => resolve(opening.result)
            })
            rows.push(
              await new Promise((resolve) => {
                const all = db.transaction('entries').objectStore('entries').getAll()
                all.onsuccess = () => resolve(all.result)
              }),
            )
            db.close()
          }
          await outbox.flush()
          return JSON.stringify(rows)
        },
        box,
        `${api.origin}/secret`,
      )
      expect(kept).toContain('/secret')
      expect(kept).not.toContain('marker-51c2')
      const sent = api.received.filter(({ path }) => path === '/secret')
      expect(sent.map(({ authorization }) => authorization)).toEqual(Array(2).fill('Bearer marker-51c2'))
    })

    it('does not follow redirects, which would lose the request and look like success', async () => {
      const bounced: string[] = []
      const elsewhere = await startSite({
        handle(request, response) {
          const cors = { 'access-control-allow-origin': '*', 'access-control-allow-headers': '*' }
          bounced.push(`${request.method} ${request.url}`)
          response.writeHead(request.method === 'OPTIONS' ? 204 : 302, { ...cors, location: '/login' }).end()
          return true
        },
      })
      await inLab(
        page,
        async (lab, box, url) => {
          const outbox = lab.createOutbox({ name: box, auto: false })
          await outbox.enqueue({ url }, { key: 'b-1' })
          await outbox.flush()
        },
        box,
        `${elsewhere.origin}/moved`,
      )
      expect((await waiting(page)).failed).toEqual([['b-1', null]])
      expect(bounced.filter((it) => !it.startsWith('OPTIONS'))).toEqual(['POST /moved'])
      await elsewhere.close()
    })

    it('sends when the browser is online again', async () => {
      const canGoOffline = name === 'chromium'
      if (canGoOffline) {
        await api.start()
        await page.setOfflineMode(true)
      }
      await inLab(
        page,
        async (lab, box, url) => {
          // The pause is so long that only the event ends it.
          const outbox = lab.createOutbox({ name: box, firstPauseMs: 1e9, maxPauseMs: 1e9 })
          await outbox.enqueue({ url }, { key: 'o-1' })
          await outbox.enqueue({ url }, { key: 'o-2' })
        },
        box,
        `${api.origin}/online`,
      )
      expect((await waiting(page)).pending).toEqual(['o-1', 'o-2'])
      expect(api.keysOf('/online')).toEqual([])
      if (canGoOffline) await page.setOfflineMode(false)
      else {
        await api.start()
        await inLab(page, () => void globalThis.dispatchEvent(new Event('online')))
      }
      await expect.poll(() => waiting(page)).toEqual(done)
      expect(api.keysOf('/online')).toEqual(['"o-1"', '"o-2"'])
    })

    it('bypasses a service worker that has a flow for the same path', async () => {
      const statuses = await inLab(
        page,
        async (lab, box) => {
          await lab.registerServiceWorker('/sw.js', { scope: '/' })
          const headers = { 'content-type': 'application/json' }
          const url = '/notes/of-the-server'
          const flow = await fetch(url, { method: 'PUT', body: '{"text":"of the page"}', headers })
          const outbox = lab.createOutbox({ name: box, auto: false })
          await outbox.enqueue({ method: 'PUT', url, json: { text: 'of the server' } }, { key: 'p-1' })
          const { sent } = await outbox.flush()
          return [flow.status, sent, await (await fetch(url)).json()]
        },
        box,
      )
      expect(statuses).toEqual([200, 1, { id: 'of-the-server', text: 'of the page' }])
      expect(served).toEqual(['"p-1"'])
    })

    const syncs =
      name === 'chromium'
        ? 'is sent by the service worker when the browser wakes it (Background Sync)'
        : 'Background Sync: Firefox has none'
    it.skipIf(name === 'firefox')(syncs, async () => {
      await api.start()
      await inLab(
        page,
        async (lab, url) => {
          const outbox = lab.createOutbox({
            name: 'in-worker',
            // The page itself has no network.
            send: () => Promise.reject(new TypeError('gone')),
            firstPauseMs: 1e9,
            maxPauseMs: 1e9,
          })
          await outbox.enqueue({ url }, { key: 's-1' })
        },
        `${api.origin}/sync`,
      )
      await expect.poll(() => api.keysOf('/sync')).toEqual(['"s-1"'])
      const left = await inLab(page, async (lab) => {
        const outbox = lab.createOutbox({ name: 'in-worker', auto: false })
        return (await outbox.pending()).length
      })
      expect(left).toBe(0)
    })
  })
}
