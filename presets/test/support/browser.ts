/** Real browsers for tests: Chromium, the system's or the one that comes from npm, and Firefox where it is installed. */
import { existsSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Browser, type Frame, launch, type Page, ProtocolError } from 'puppeteer-core'
import { required } from './required.ts'

export type BrowserName = 'chromium' | 'firefox'

/** Why there is no browser, for the name of a skipped test. */
export const withoutBrowser: Readonly<Record<BrowserName, string>> = {
  chromium: 'no Chromium: none is installed, and the one from npm is for Linux on x64',
  firefox: 'firefox-esr is not installed (apt-get install firefox-esr)',
}

export interface LaunchOptions {
  /** Where the browser keeps its profile. Default: a temporary folder, gone when the browser is closed. */
  readonly profile?: string
  readonly args?: readonly string[]
  /** Preferences of Firefox by name. */
  readonly firefoxPrefs?: Readonly<Record<string, string | number | boolean>>
}

/** Starts a browser without a window. Close it. */
export async function launchBrowser(name: BrowserName, options: LaunchOptions = {}): Promise<Browser> {
  const executablePath = await browserProgram(name)
  if (executablePath === null) throw new Error(withoutBrowser[name])
  const profile = options.profile ?? mkdtempSync(join(profileRoot(), `flowport-${name}-`))
  const forget = () => {
    if (options.profile === undefined)
      rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
  try {
    const browser = await launch({
      browser: name === 'firefox' ? 'firefox' : 'chrome',
      executablePath,
      headless: true,
      userDataDir: profile,
      args: [...(name === 'chromium' ? chromiumArgs : []), ...(options.args ?? [])],
      ...(options.firefoxPrefs === undefined ? {} : { extraPrefsFirefox: { ...options.firefoxPrefs } }),
      // Machines that run tests are shared.
      timeout: 60_000,
      protocolTimeout: 240_000,
    })
    browser.once('disconnected', forget)
    return browser
  } catch (error) {
    forget()
    throw error
  }
}

/** Whether tests in this browser can run. With `FLOWPORT_TEST_REQUIRE=all` its absence is an error. */
export async function browserIsThere(name: BrowserName): Promise<boolean> {
  return required(withoutBrowser[name], (await browserProgram(name)) !== null)
}

/** The size of a page's window. Firefox 140 has it, though not the orientation that the driver sets with it. */
export async function resize(page: Page, size: { readonly width: number; readonly height: number }) {
  await page.setViewport(size).catch((error: unknown) => {
    if (!(error instanceof ProtocolError && error.message.includes('unknown command'))) throw error
  })
}

/** Waits for an expression to be true in a page. The driver's own way is forbidden by a policy without eval in Firefox 140. */
export async function untilTrue(page: Page | Frame, expression: string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if ((await page.evaluate(`Boolean(${expression})`)) === true) return
    await sleep(100)
  }
  throw new Error(`never true in the page: ${expression}`)
}

/** The program of a browser, or `null`. */
async function browserProgram(name: BrowserName): Promise<string | null> {
  const installed = onPath(programs[name])
  if (installed !== null || name === 'firefox') return installed
  return (chromiumOfNpm ??= unpackChromium())
}

let chromiumOfNpm: Promise<string | null> | undefined

async function unpackChromium(): Promise<string | null> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return null
  const { default: chromium, inflate, setupLambdaEnvironment } = await import('@sparticuz/chromium')
  // Libraries it needs and the system may lack; without effect where they are there.
  const home = dirname(createRequire(import.meta.url).resolve('@sparticuz/chromium'))
  await inflate(join(home, '..', 'bin', 'al2023.tar.br'))
  setupLambdaEnvironment(join(tmpdir(), 'al2023', 'lib'))
  return chromium.executablePath()
}

function onPath(names: readonly string[]): string | null {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const name of names) {
      const file = join(folder, name)
      if (existsSync(file)) return file
    }
  }
  return null
}

const programs: Readonly<Record<BrowserName, readonly string[]>> = {
  chromium: ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'],
  firefox: ['firefox-esr', 'firefox'],
}

// Its sandbox does not start for root in a container; the pages are our own.
const chromiumArgs = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu']

/**
 * The folder for profiles: shared memory where it has 4 GiB to spare, else the system's temporary folder. OPFS makes Firefox
 * sync a database for every file, which takes most of a suite's time on a disk.
 */
function profileRoot(): string {
  const memory = '/dev/shm'
  if (!existsSync(memory)) return tmpdir()
  const { bavail, bsize } = statfsSync(memory)
  return bavail * bsize > 4 * 1024 ** 3 ? memory : tmpdir()
}
