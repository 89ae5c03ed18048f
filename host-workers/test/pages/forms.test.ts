/** The table of multipart forms, sent by a page to a service worker in real browsers. */
import {
  browserIsThere,
  type BrowserName,
  launchBrowser,
  withoutBrowser,
} from '@flowport/presets/test/browser'
import { startSite } from '@flowport/presets/test/site'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const names: readonly BrowserName[] = ['chromium', 'firefox']

for (const name of names) {
  const isThere = await browserIsThere(name)
  describe.skipIf(!isThere)(isThere ? name : `${name}: ${withoutBrowser[name]}`, () => {
    it('multipart forms have the table’s outcome in a service worker', async () => {
      await using stack = new AsyncDisposableStack()
      const folder = join(import.meta.dirname, 'site')
      const site = await startSite({
        scripts: { '/page.js': join(folder, 'forms-page.ts'), '/sw.js': join(folder, 'forms-sw.ts') },
        files: { '/': '<!doctype html><script type="module" src="/page.js"></script>' },
      })
      stack.defer(() => site.close())
      const browser = await launchBrowser(name)
      stack.defer(() => browser.close())
      const page = await browser.newPage()
      await page.goto(site.origin)
      const root = await page.waitForSelector('html[data-wrong]', { timeout: 60_000 })
      expect(await root?.evaluate((element) => element.getAttribute('data-wrong'))).toBe('[]')
      expect(site.requests.filter((path) => path.startsWith('/form-table'))).toEqual([])
    }, 90_000)
  })
}
