/** Flows in a page over OPFS: the browser is killed, and restarted with the same profile. */
import {
  browserIsThere,
  type BrowserName,
  launchBrowser,
  untilTrue,
  withoutBrowser,
} from '@flowport/presets/test/browser'
import { startSite } from '@flowport/presets/test/site'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CrashStore } from '../life.ts'

export async function opfsStore(name: string, browserName: BrowserName): Promise<CrashStore> {
  return {
    name,
    missing: (await browserIsThere(browserName)) ? undefined : withoutBrowser[browserName],
    // A browser opens six connections per server. One stays free for calls that are not held.
    maxWaiting: 5,
    async open() {
      const profile = mkdtempSync(join(tmpdir(), 'flowport-crash-'))
      const site = await startSite({ scripts: { '/page.js': join(import.meta.dirname, 'page.ts') } })
      return {
        async start(control) {
          const browser = await launchBrowser(browserName, { profile })
          const page = await browser.newPage()
          await page.goto(site.origin)
          await untilTrue(page, 'globalThis.crash !== undefined')
          return {
            call: (flow, id) => page.evaluate((...call) => globalThis.crash.call(...call), flow, id, control),
            async kill() {
              const gone = new Promise((resolve) => browser.once('disconnected', resolve))
              browser.process()?.kill('SIGKILL')
              await gone
              // The browser's driver restores files of the profile, which must finish before the next start.
              await browser.close()
            },
          }
        },
        async close() {
          await site.close()
          rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
        },
      }
    },
  }
}
