/** A page whose requests are answered by flows in a service worker, in real browsers, online and offline. */
import {
  browserIsThere,
  type BrowserName,
  launchBrowser,
  withoutBrowser,
} from '@flowport/presets/test/browser'
import { type Site, startSite } from '@flowport/presets/test/site'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Browser, inLab, labPage, type Page, ready } from './support.ts'

const folder = join(import.meta.dirname, 'site')
const names: readonly BrowserName[] = ['chromium', 'firefox']

/** Requests a file, which deletes the caches that no tab needs, and returns the names of the others. */
function versions(page: Page): Promise<readonly string[]> {
  return inLab(page, async () => {
    await fetch('/style.css')
    return (await caches.keys()).filter((name) => name.startsWith('flowport '))
  })
}

for (const name of names) {
  const isThere = await browserIsThere(name)
  describe.skipIf(!isThere)(isThere ? name : `${name}: ${withoutBrowser[name]}`, () => {
    let browser: Browser
    let site: Site
    let page: Page
    let css = 'a{}'

    const start = (port = 0) =>
      startSite({
        port,
        scripts: { '/page.js': join(folder, 'page.ts'), '/sw.js': join(folder, 'sw.ts') },
        files: {
          '/': '<!doctype html><title>Lab</title><link rel="stylesheet" href="/style.css"><script type="module" src="/page.js"></script>',
        },
        handle(request, response) {
          if (request.url !== '/style.css' && request.url !== '/elsewhere') return false
          response.writeHead(200, { 'content-type': 'text/css' }).end(css)
          return true
        },
      })

    beforeAll(async () => {
      ;[browser, site] = await Promise.all([launchBrowser(name), start()])
      page = await labPage(browser, site.origin)
    })
    afterAll(async () => {
      await browser.close()
      await site.close()
    })

    it('controls the page when it is registered', async () => {
      expect(
        await inLab(page, async (lab) => {
          const before = navigator.serviceWorker.controller !== null
          const { registration, hasUpdate } = await lab.registerServiceWorker('/sw.js', { scope: '/' })
          return [before, navigator.serviceWorker.controller === registration.active, hasUpdate]
        }),
      ).toEqual([false, true, false])
    })

    it('answers only routes of flows', async () => {
      const asked = site.requests.length
      const answers = await inLab(page, async () => {
        const ask = async (method: string, path: string, body?: string) => {
          const headers = { 'content-type': 'application/json' }
          const response = await fetch(path, { method, ...(body === undefined ? {} : { body, headers }) })
          const text = await response.text()
          return [response.status, text === '' ? '' : (JSON.parse(text) as { code?: string; text?: string })]
        }
        return [
          await ask('PUT', '/notes/1', '{"text":"kept in the page"}'),
          await ask('GET', '/notes/1'),
          await ask('DELETE', '/notes/1'),
          await ask('GET', '/notes/1'),
          await ask('PUT', '/notes/2', '{"text":7}'),
        ]
      })
      expect(answers).toEqual([
        [200, { id: '1', text: 'kept in the page' }],
        [200, { id: '1', text: 'kept in the page' }],
        [204, ''],
        [404, expect.objectContaining({ code: 'NOTE_NOT_FOUND' })],
        [422, expect.objectContaining({ code: 'INVALID_INPUT' })],
      ])
      expect(site.requests.slice(asked)).toEqual([])
      const others = await inLab(page, async () => {
        const statuses = []
        for (const [method, path] of [
          ['POST', '/notes/1'],
          ['GET', '/healthz'],
          ['GET', '/nowhere'],
          ['GET', '/elsewhere'],
        ] as const)
          statuses.push((await fetch(path, { method })).status)
        return statuses
      })
      expect(others).toEqual([404, 404, 404, 200])
      expect(site.requests.slice(asked)).toEqual(['/notes/1', '/healthz', '/nowhere', '/elsewhere'])
    })

    it('stores and serves files, completely and in ranges', async () => {
      const result = await inLab(page, async () => {
        const bytes = new Uint8Array(1024 * 1024)
        for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31) % 251
        const stored = await fetch('/files/big.bin', { method: 'PUT', body: bytes })
        const whole = await fetch('/files/big.bin')
        const back = new Uint8Array(await whole.arrayBuffer())
        const part = await fetch('/files/big.bin', { headers: { range: 'bytes=1000-1999' } })
        const slice = new Uint8Array(await part.arrayBuffer())
        const etag = whole.headers.get('etag') ?? ''
        const same = await fetch('/files/big.bin', { headers: { 'if-none-match': etag }, cache: 'no-store' })
        return {
          stored: [stored.status, await stored.json()],
          whole: [whole.status, back.length === bytes.length && back.every((byte, i) => byte === bytes[i])],
          part: [
            part.status,
            part.headers.get('content-range'),
            slice.every((byte, i) => byte === bytes[1000 + i]),
          ],
          same: same.status,
        }
      })
      expect(result).toEqual({
        stored: [201, { size: 1024 * 1024 }],
        whole: [200, true],
        part: [206, 'bytes 1000-1999/1048576', true],
        same: 304,
      })
    })

    it('streams events as they are produced, and cancels the run when its reader disconnects', async () => {
      const { ticks, ended } = await inLab(page, async () => {
        const source = new EventSource('/ticks?everyMs=20&count=1000')
        const ticks: string[] = []
        await new Promise<void>((resolve) => {
          source.addEventListener('tick', ({ data, lastEventId }: MessageEvent<string>) => {
            ticks.push(`${lastEventId}:${data}`)
            if (ticks.length === 3) resolve()
          })
        })
        source.close()
        for (let i = 0; i < 200; i++) {
          const { ended } = (await (await fetch('/ended')).json()) as { ended: string }
          if (ended !== 'not yet') return { ticks, ended }
          await new Promise((resolve) => setTimeout(resolve, 25))
        }
        return { ticks, ended: 'never' }
      })
      expect(ticks).toEqual(['1:1', '2:2', '3:3'])
      expect(ended).toBe('cancelled')
    })

    it('runs flows with queue triggers after the answer', async () => {
      const text = await inLab(page, async () => {
        const headers = { 'content-type': 'application/json' }
        await fetch('/jobs', { method: 'POST', body: '{"id":"job","text":"it"}', headers })
        for (let i = 0; i < 100; i++) {
          const note = await fetch('/notes/job')
          if (note.status === 200) return ((await note.json()) as { text: string }).text
          await new Promise((resolve) => setTimeout(resolve, 25))
        }
        return null
      })
      expect(text).toBe('worked on it')
    })

    it('starts without a server from the precache, with the flows’ data', async () => {
      await inLab(page, async () => {
        const headers = { 'content-type': 'application/json' }
        await fetch('/notes/offline', { method: 'PUT', body: '{"text":"still here"}', headers })
      })
      await site.close()
      const other = await labPage(browser, `${site.origin}/some/deep/link?x=1`)
      expect(await other.title()).toBe('Lab')
      const note = await inLab(other, async () => (await fetch('/notes/offline')).json() as Promise<unknown>)
      expect(note).toEqual({ id: 'offline', text: 'still here' })
      const [style, elsewhere] = await inLab(other, async () => [
        await fetch('/style.css').then((it) => it.text()),
        await fetch('/elsewhere').then(
          (it) => it.text(),
          () => 'no network',
        ),
      ])
      expect([style, elsewhere]).toEqual(['a{}', 'no network'])
      await other.close()
      site = await start(site.port)
    })

    // After a navigation Chromium checks for a new version and delays registrations meanwhile, for up to a minute.
    it('keeps the page’s version until the page lets the next one take over', {
      timeout: 180_000,
    }, async () => {
      css = 'b{}'
      const styles = await inLab(page, async (lab) => {
        const style = () => fetch('/style.css').then((it) => it.text())
        const seen = [await style()]
        const installed = Promise.withResolvers<void>()
        const worker = await lab.registerServiceWorker('/sw.js?version=2', {
          scope: '/',
          timeoutMs: 150_000,
          onUpdate: () => installed.resolve(),
        })
        await installed.promise
        seen.push(await style(), String(worker.hasUpdate))
        await worker.update()
        seen.push(await style(), String(worker.hasUpdate))
        return seen
      })
      expect(styles).toEqual(['a{}', 'a{}', 'true', 'a{}', 'false'])
      await page.reload()
      await ready(page)
      expect(await inLab(page, () => fetch('/style.css').then((it) => it.text()))).toBe('b{}')
      await expect.poll(() => versions(page)).toEqual([`flowport ${site.origin}/ 2`])
    })

    it('caches no answers of flows or the network', async () => {
      const paths = await inLab(page, async () => {
        const names = (await caches.keys()).filter((name) => name.startsWith('flowport '))
        const cache = await caches.open(names[0] ?? '')
        return (await cache.keys()).map(({ url }) => new URL(url).pathname).toSorted()
      })
      expect(paths).toEqual(['/', '/page.js', '/style.css'])
    })

    // Uses a separate browser context, because Chromium checks for new versions of earlier service workers, which can delay
    // other registrations for a minute.
    it('keeps the old version when the next one cannot be installed', async () => {
      const fresh = await browser.createBrowserContext()
      const lab = await labPage(fresh, site.origin)
      await inLab(lab, (lab) => lab.registerServiceWorker('/sw.js?version=2', { scope: '/' }))
      css = 'c{}'
      const style = await inLab(lab, async (lab) => {
        await lab.registerServiceWorker('/sw.js?version=3&bad', { scope: '/' })
        return fetch('/style.css').then((it) => it.text())
      })
      expect(style).toBe('b{}')
      await fresh.close()
    })

    it('explains why it cannot be installed', async () => {
      const fresh = await browser.createBrowserContext()
      const message = await inLab(await labPage(fresh, site.origin), (lab) =>
        lab.registerServiceWorker('/sw.js?bad', { scope: '/' }).then(
          () => 'up',
          ({ message }: Error) => message,
        ),
      )
      expect(message).toMatch(/could not be installed: its own console says why/)
      await fresh.close()
    })

    it('times out for a service worker whose scope does not include the page', async () => {
      const message = await inLab(page, (lab) =>
        lab.registerServiceWorker('/sw.js', { scope: '/elsewhere/', timeoutMs: 2_000 }).then(
          () => 'up',
          ({ message }: Error) => message,
        ),
      )
      expect(message).toContain('does not control the page after 2000 ms')
    })

    /** Sends requests in a separate browser context. Resolves to each status, and code or start of the text. */
    async function answersUnder(script: string, asked: readonly (readonly [string, string])[]) {
      const fresh = await browser.createBrowserContext()
      const answers = await inLab(
        await labPage(fresh, site.origin),
        async (lab, script, asked) => {
          await lab.registerServiceWorker(script, { scope: '/' })
          const answers = []
          for (const [method, path] of asked) {
            const response = await fetch(path, { method })
            const body = await response.text()
            answers.push([response.status, /"code":"(\w+)"/.exec(body)?.[1] ?? body.slice(0, 15)])
          }
          return answers
        },
        script,
        asked,
      )
      await fresh.close()
      return answers
    }

    it('answers every path under its base, and no other path', async () => {
      expect(
        await answersUnder('/sw.js?base=/api', [
          ['GET', '/api/healthz'],
          ['GET', '/api/nowhere'],
          ['POST', '/api/notes/1'],
          ['GET', '/notes/1'],
          ['GET', '/apiary'],
        ]),
      ).toEqual([
        [200, '{"status":"ok"}'],
        [404, 'NO_SUCH_ROUTE'],
        [405, 'METHOD_NOT_ALLOWED'],
        [404, 'not found'],
        [404, 'not found'],
      ])
    })

    it('answers every path of the origin except the page’s files, when configured', async () => {
      expect(
        await answersUnder('/sw.js?owner', [
          ['GET', '/style.css'],
          ['GET', '/healthz'],
          ['GET', '/nowhere'],
          ['POST', '/notes/1'],
          ['GET', '/notes/none'],
        ]),
      ).toEqual([
        [200, css],
        [200, '{"status":"ok"}'],
        [404, 'NO_SUCH_ROUTE'],
        [405, 'METHOD_NOT_ALLOWED'],
        [404, 'NOTE_NOT_FOUND'],
      ])
    })
  })
}
