import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'puppeteer-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type BrowserName,
  browserIsThere,
  launchBrowser,
  untilTrue,
  withoutBrowser,
} from '../support/browser.ts'
import { type Site, startSite } from '../support/site.ts'
import type { Api } from './site/duckdb.ts'

const engine = (file: string) =>
  readFileSync(createRequire(import.meta.url).resolve(`@duckdb/duckdb-wasm/dist/${file}`))

/** Without `unsafe-eval`, without any other origin, without `blob:`. */
const policy =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'"

const serve = (csp: string) =>
  startSite({
    scripts: { '/main.js': fileURLToPath(new URL('site/duckdb.ts', import.meta.url)) },
    files: {
      '/duckdb.worker.js': engine('duckdb-browser-eh.worker.js'),
      '/duckdb.wasm': engine('duckdb-eh.wasm'),
    },
    headers: { 'content-security-policy': csp },
  })

const names: readonly BrowserName[] = ['chromium', 'firefox']

for (const name of names) {
  const isThere = await browserIsThere(name)
  // Each page fetches, compiles and starts the engine anew.
  describe.skipIf(!isThere)(
    `DuckDB in ${name}${isThere ? '' : `, skipped: ${withoutBrowser[name]}`}`,
    { timeout: 120_000 },
    () => {
      let browser: Browser
      let site: Site
      const urls: string[] = []

      beforeAll(async () => {
        // No name resolves, so nothing but this machine can be asked for anything.
        const args = name === 'chromium' ? ['--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1'] : []
        ;[browser, site] = await Promise.all([launchBrowser(name, { args }), serve(policy)])
      }, 120_000)

      afterAll(async () => {
        await browser?.close()
        await site?.close()
      })

      const open = async (origin = site.origin): Promise<Page> => {
        const page = await browser.newPage()
        page.on('request', (request) => urls.push(request.url()))
        await page.goto(origin)
        await untilTrue(page, 'globalThis.api !== undefined')
        return page
      }

      it('reads and writes CSV and parquet under a policy without eval, and keeps them over a reload', async () => {
        const page = await open()
        expect(await call(page, 'write', 'opfs://in/a.csv', 'id,name\n1,Ada\n2,Grace\n')).toMatchObject({
          value: 22,
        })
        const copy = "COPY (SELECT * FROM 'opfs://in/a.csv') TO 'opfs://out/a.parquet' (FORMAT parquet)"
        expect(await call(page, 'query', copy)).toEqual({ value: [{ Count: 2 }] })
        await page.reload()
        await untilTrue(page, 'globalThis.api !== undefined')
        expect((await call(page, 'size', 'opfs://out/a.parquet')).value).toBeGreaterThan(100)
        const sql = "SELECT name FROM read_parquet('opfs://out/a.parquet') WHERE id = 2"
        expect(await call(page, 'query', sql)).toEqual({ value: [{ name: 'Grace' }] })
        expect(await call(page, 'preset', sql)).toEqual({ value: [{ name: 'Grace' }] })
        await page.close()
      })

      it('reads the same file in two tabs', async () => {
        const tabs = [await open(), await open()]
        await call(tabs[0] as Page, 'write', 'opfs://in/two.csv', 'a\n1\n')
        const answers = await Promise.all(
          tabs.map((tab) => call(tab, 'query', "SELECT a FROM 'opfs://in/two.csv'")),
        )
        for (const answer of answers) expect(answer).toEqual({ value: [{ a: 1 }] })
        for (const tab of tabs) await tab.close()
      })

      it.skipIf(name === 'firefox')(
        `says LimitExceeded when a COPY passes the quota, and keeps the old target${name === 'firefox' ? ', skipped: only Chromium’s devtools set a quota' : ''}`,
        async () => {
          const page = await open()
          const devtools = await page.createCDPSession()
          await call(page, 'write', 'opfs://out/keep.csv', 'old\n')
          await devtools.send('Storage.overrideQuotaForOrigin', { origin: site.origin, quotaSize: 1_000_000 })
          try {
            const copy =
              "COPY (SELECT i, md5(i::VARCHAR) AS h FROM range(100000) t(i)) TO 'opfs://out/keep.csv'"
            expect((await call(page, 'query', copy)).error).toMatchObject({ kind: 'LimitExceeded' })
            expect(await call(page, 'read', 'opfs://out/keep.csv')).toEqual({ value: 'old\n' })
            expect(await call(page, 'query', "SELECT * FROM 'opfs://out/keep.csv'")).toMatchObject({
              value: [{}],
            })
          } finally {
            await devtools.send('Storage.overrideQuotaForOrigin', { origin: site.origin })
          }
          await page.close()
        },
      )

      it('explains a wasm that is not there, or served as text', async () => {
        const page = await open()
        for (const [wasm, said] of [
          ['/none.wasm', '404'],
          ['/', 'application/wasm'],
        ] as const) {
          expect((await call(page, 'open', wasm)).error).toMatchObject({
            kind: 'Misconfigured',
            message: expect.stringContaining(said),
          })
        }
        await page.close()
      })

      it('explains a policy that forbids it', async () => {
        const strict = await serve(
          "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'",
        )
        try {
          const page = await open(strict.origin)
          expect((await call(page, 'query', 'SELECT 1')).error).toMatchObject({
            kind: 'Misconfigured',
            code: 'DUCKDB_CSP',
            message: expect.stringContaining('wasm-unsafe-eval'),
          })
          await page.close()
        } finally {
          await strict.close()
        }
      })

      it('explains a policy that requires Trusted Types, and takes a worker made of a TrustedScriptURL', async () => {
        const trusting = await serve(`${policy}; require-trusted-types-for 'script'`)
        try {
          const page = await open(trusting.origin)
          const { value: isTrusting, error } = await call(page, 'trusted')
          expect(error).toBeUndefined()
          const refused = await call(page, 'query', 'SELECT 1')
          if (isTrusting === true)
            expect(refused.error).toMatchObject({
              kind: 'Misconfigured',
              code: 'DUCKDB_NO_WORKER',
              message: expect.stringContaining('TrustedScriptURL'),
            })
          else expect(refused.error).toBeUndefined()
          await page.close()
        } finally {
          await trusting.close()
        }
      })

      it('asked nobody but its own origin', () => {
        expect(
          urls.filter((url) => !url.startsWith('http://127.0.0.1:') && !url.startsWith('blob:')),
        ).toEqual([])
        expect(new Set(site.requests.filter((path) => path !== '/favicon.ico'))).toEqual(
          new Set(['/', '/main.js', '/duckdb.worker.js', '/duckdb.wasm', '/none.wasm']),
        )
      })
    },
  )
}

async function call<K extends keyof Api>(page: Page, name: K, ...args: Parameters<Api[K]>) {
  const answer: unknown = await page.evaluate(
    (key: string, values: readonly unknown[]) =>
      (globalThis as unknown as { api: Record<string, (...values: readonly unknown[]) => unknown> }).api[
        key
      ]?.(...values),
    name,
    args,
  )
  return answer as Awaited<ReturnType<Api[K]>>
}
