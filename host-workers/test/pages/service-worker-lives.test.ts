/** A service worker stays alive while it streams, and a version's files are kept while tabs of that version are open. */
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

for (const name of names) {
  const isThere = await browserIsThere(name)
  describe.skipIf(!isThere)(isThere ? name : `${name}: ${withoutBrowser[name]}`, () => {
    let browser: Browser
    let site: Site
    /** Files that the server serves now, by path. */
    let served: Record<string, string> = {}

    beforeAll(async () => {
      ;[browser, site] = await Promise.all([
        launchBrowser(name, {
          // Firefox stops a service worker after two idle periods without an event: 30 seconds each by default, 2 seconds here.
          firefoxPrefs: {
            'dom.serviceWorkers.idle_timeout': 2_000,
            'dom.serviceWorkers.idle_extended_timeout': 2_000,
          },
        }),
        startSite({
          scripts: { '/page.js': join(folder, 'page.ts'), '/sw.js': join(folder, 'sw.ts') },
          files: { '/': '<!doctype html><title>Lab</title><script type="module" src="/page.js"></script>' },
          handle(request, response) {
            const body = served[new URL(request.url ?? '', 'http://site.test').pathname]
            if (body === undefined) return false
            const type = request.url?.endsWith('.js') === true ? 'text/javascript' : 'text/css'
            response.writeHead(200, { 'content-type': type }).end(body)
            return true
          },
        }),
      ])
    })
    afterAll(async () => {
      await browser?.close()
      await site?.close()
    })

    const ticks = (tab: Page) =>
      inLab(tab, async () => {
        const reader = (await fetch('/ticks?everyMs=1000&count=9')).body
          ?.pipeThrough(new TextDecoderStream())
          .getReader()
        let text = ''
        for (let read = await reader?.read(); read?.done === false; read = await reader?.read())
          text += read.value
        return text.match(/event: ?tick/g)?.length
      })

    it('a stream stays alive while its pages answer', async () => {
      served = { '/style.css': 'a{}' }
      const context = await browser.createBrowserContext()
      const page = await labPage(context, site.origin)
      await inLab(page, (lab) => lab.registerServiceWorker('/sw.js?keepAliveMs=500', { scope: '/' }))
      expect(await ticks(page)).toBe(9)
      await context.close()
    })

    it.skipIf(name === 'chromium')(
      name === 'chromium'
        ? 'skipped: Chromium keeps a streaming service worker alive without events'
        : 'and no longer: the browser ends it where they are not asked',
      async () => {
        const context = await browser.createBrowserContext()
        const page = await labPage(context, site.origin)
        await inLab(page, (lab) => lab.registerServiceWorker('/sw.js?keepAliveMs=60000', { scope: '/' }))
        expect(await ticks(page)).toBeLessThan(9)
        await context.close()
      },
    )

    /** Returns the style sheet, and the marker that a late-loaded script sets. */
    const see = (tab: Page) =>
      inLab(tab, async () => {
        const script = document.createElement('script')
        script.src = '/lazy.js'
        const loaded = new Promise<string>((resolve) => {
          script.addEventListener('load', () => resolve(document.documentElement.dataset['lazy'] ?? ''))
          script.addEventListener('error', () => resolve('none'))
        })
        document.head.append(script)
        return [await fetch('/style.css').then((it) => it.text()), await loaded] as const
      })

    const caches = (tab: Page) =>
      inLab(tab, async () => {
        await fetch('/style.css')
        return (await globalThis.caches.keys())
          .filter((key) => key.startsWith('flowport '))
          .map((key) => key.split(' ')[2])
      })

    const updateTo = (tab: Page, version: number, file: string) =>
      inLab(
        tab,
        async (lab, url) => {
          const installed = Promise.withResolvers<void>()
          const worker = await lab.registerServiceWorker(url, {
            scope: '/',
            onUpdate: () => installed.resolve(),
          })
          await installed.promise
          await worker.update()
        },
        `/sw.js?version=${version}${file}`,
      )

    it('open tabs keep their version’s files, and new tabs get the new files', async () => {
      const context = await browser.createBrowserContext()
      served = { '/style.css': 'a{}', '/lazy.js': 'document.documentElement.dataset.lazy = "of 1"' }
      const first = await labPage(context, site.origin)
      await inLab(first, (lab) => lab.registerServiceWorker('/sw.js?version=1&file=/lazy.js', { scope: '/' }))
      await first.reload()
      await ready(first)
      const second = await labPage(context, site.origin)

      // The next release no longer has the script.
      served = { '/style.css': 'b{}' }
      await updateTo(second, 2, '')
      await second.reload()
      await ready(second)
      expect(await see(second)).toEqual(['b{}', 'none'])
      if (name === 'chromium') {
        const devtools = await first.createCDPSession()
        await devtools.send('ServiceWorker.enable')
        await devtools.send('ServiceWorker.stopAllWorkers')
        await devtools.detach()
      }
      expect(await see(first)).toEqual(['a{}', 'of 1'])

      // In a third release, each tab gets its own version's files, or the newest file if its version lacks it.
      served = { '/style.css': 'c{}', '/lazy.js': 'document.documentElement.dataset.lazy = "of 3"' }
      await updateTo(second, 3, '&file=/lazy.js')
      const third = await labPage(context, site.origin)
      expect([await see(first), await see(second), await see(third)]).toEqual([
        ['a{}', 'of 1'],
        ['b{}', 'of 3'],
        ['c{}', 'of 3'],
      ])
      expect(await caches(third)).toEqual(['1', '2', '3'])
      await first.close()
      await expect.poll(() => caches(third)).toEqual(['2', '3'])
      await second.reload()
      await ready(second)
      await expect.poll(() => caches(third)).toEqual(['3'])
      expect(await see(second)).toEqual(['c{}', 'of 3'])
      await context.close()
    })
  })
}
