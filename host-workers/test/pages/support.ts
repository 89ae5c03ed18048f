/** Opens pages of the lab, waits for their script, and runs functions in them. */
import type { launchBrowser } from '@flowport/presets/test/browser'
import type { Lab } from './site/page.ts'

export type Browser = Awaited<ReturnType<typeof launchBrowser>>
export type BrowserContext = Awaited<ReturnType<Browser['createBrowserContext']>>
export type Page = Awaited<ReturnType<Browser['newPage']>>

/** Opens a new tab at the address and waits until it is ready. */
export async function labPage(browser: Browser | BrowserContext, url: string): Promise<Page> {
  const page = await browser.newPage()
  await page.goto(url)
  await ready(page)
  return page
}

export async function ready(page: Page): Promise<void> {
  await page.waitForSelector('html[data-ready]')
}

/** Runs the function inside the page. The function sees only its arguments, not the test's variables. */
export function inLab<T, A extends readonly unknown[]>(
  page: Page,
  work: (lab: Lab, ...args: A) => T,
  ...args: A
): Promise<Awaited<T>> {
  const source = `(${work.toString()})(globalThis.lab, ...${JSON.stringify(args)})`
  return page.evaluate(source) as Promise<Awaited<T>>
}
