/** Runs Vitest's browser tests in the browsers of `browser.ts`, each with a profile on disk, so that storage is real. */
import { defineBrowserProvider } from '@vitest/browser'
import type { Browser, Page } from 'puppeteer-core'
import type { BrowserProvider, TestProject } from 'vitest/node'
import { type BrowserName, launchBrowser, resize } from './browser.ts'

/** Commands are Vitest's own, or those of the tests; their context names the session. */
type Command = (context: { readonly sessionId: string }, ...args: never[]) => unknown

class PuppeteerProvider implements BrowserProvider {
  readonly name = 'puppeteer'
  readonly supportsParallelism = false
  readonly #browserName: BrowserName
  readonly #pages = new Map<string, Page>()
  #browser: Promise<Browser> | undefined

  constructor({ config, browser }: TestProject) {
    this.#browserName = config.browser.name as BrowserName
    const register = browser?.registerCommand.bind(browser) as
      | ((name: string, run: Command) => void)
      | undefined
    register?.(
      '__vitest_viewport',
      ({ sessionId }, size: { readonly width: number; readonly height: number }) => {
        const page = this.#pages.get(sessionId)
        return page && resize(page, size)
      },
    )
  }

  getCommandsContext(): Record<string, unknown> {
    return {}
  }

  async openPage(sessionId: string, url: string): Promise<void> {
    this.#browser ??= launchBrowser(this.#browserName)
    const page = await (await this.#browser).newPage()
    await this.#pages.get(sessionId)?.close()
    this.#pages.set(sessionId, page)
    await page.goto(url, { timeout: 0, waitUntil: 'domcontentloaded' })
  }

  async close(): Promise<void> {
    this.#pages.clear()
    const browser = await this.#browser
    this.#browser = undefined
    await browser?.close()
  }
}

/** For `test.browser.provider`. */
export function puppeteer() {
  return defineBrowserProvider({
    name: 'puppeteer',
    supportedBrowser: ['chromium', 'firefox'],
    providerFactory: (project) => new PuppeteerProvider(project),
  })
}
