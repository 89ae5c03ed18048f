/** The page in a real browser: files, SQL, a flow in the service worker, offline start, and export to S3. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { browserIsThere, launchBrowser, resize, withoutBrowser } from '@flowport/presets/test/browser'
import { startRadosgw, withoutRadosgw } from '@flowport/presets/test/radosgw'
import { clientFor, createBucket } from '@flowport/presets/test/s3-bucket'
import { freePort } from '@flowport/presets/test/servers'
import type { Browser, Page } from 'puppeteer-core'
import { preview, type PreviewServer } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildSite } from '../build.ts'

const there = { chromium: await browserIsThere('chromium'), firefox: await browserIsThere('firefox') }
const bucketServer = await startRadosgw()

const site = mkdtempSync(join(tmpdir(), 'flowport-site-'))

beforeAll(async () => {
  if (there.chromium || there.firefox) await buildSite(site, 'error')
}, 120_000)
afterAll(() => rmSync(site, { recursive: true, force: true }))

describe.each(['chromium', 'firefox'] as const)('the page of the example in %s', (name) => {
  describe.skipIf(!there[name])(there[name] ? 'works' : withoutBrowser[name], { timeout: 120_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'flowport-page-'))
    let port: number
    let server: PreviewServer | undefined
    let browser: Browser
    let page: Page
    const problems: string[] = []

    const serve = async () => {
      server = await preview({
        configFile: false,
        root: folder,
        logLevel: 'error',
        build: { outDir: site },
        preview: { port, host: '127.0.0.1', strictPort: true },
      })
    }
    const stopServing = async () => {
      await server?.close()
      server = undefined
    }

    beforeAll(async () => {
      port = await freePort()
      await serve()
      browser = await launchBrowser(name, { profile: join(folder, 'profile') })
      page = await browser.newPage()
      page.on('pageerror', (error) => problems.push(String(error)))
      await resize(page, { width: 1280, height: 900 })
      await page.goto(`http://127.0.0.1:${port}/`)
    }, 120_000)

    afterAll(async () => {
      await browser?.close()
      await stopServing()
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
    })

    const textOf = (selector: string) =>
      page.$eval(selector, (element) => element.textContent ?? '').catch(() => '')
    const shows = (selector: string, text: string | RegExp) =>
      expect.poll(() => textOf(selector), { timeout: 60_000 }).toMatch(text)
    const click = async (text: string) => {
      const button = await page.waitForSelector(`::-p-xpath(//button[normalize-space()="${text}"])`)
      await button?.click()
    }
    const query = async (sql: string, answer: RegExp) => {
      await page.$eval(
        'textarea.sql',
        (editor, text) => {
          editor.value = text
        },
        sql,
      )
      await click('Run')
      await shows('[data-test=query-state]', answer)
    }

    it('queries a sample and draws it', async () => {
      await click('Add a sample')
      await shows('[data-test=query-state]', /^12 rows in/)
      await shows('[data-test=tree]', 'weather.csv')
      await expect
        .poll(() => page.$eval('[data-test=chart] canvas', (canvas) => canvas.width))
        .toBeGreaterThan(200)
    })

    it('stores a dropped file, and reads a file that a query wrote', async () => {
      const csv = join(folder, 'towns of 2025.csv')
      writeFileSync(csv, 'town,people\nBergen,291940\nSevilla,684025\n')
      const input = await page.$('#picker')
      await (input as Awaited<ReturnType<typeof page.$<'input'>>>)?.uploadFile(csv)
      await shows('[data-test=tree]', 'towns of 2025.csv')
      await shows('[data-test=query-state]', /^2 rows in/)
      await query(
        "COPY (SELECT * FROM 'opfs://data/towns of 2025.csv') TO 'opfs://out/towns.parquet' (FORMAT parquet)",
        /rows in/,
      )
      await shows('[data-test=tree]', 'towns.parquet')
      await query("SELECT sum(people) AS people FROM read_parquet('opfs://out/towns.parquet')", /^1 rows in/)
      await shows('.result', /975965/)
      await query("SELECT * FROM read_csv_auto('opfs://data/none.csv')", /none\.csv/)
      expect(await textOf('[data-test=tree]')).not.toContain('none.csv')
    })

    it('shows the storage quota', async () => {
      await shows('[data-test=quota]', / of /)
      await shows('[data-test=store]', 'files on this device')
    })

    it('answers a route with a flow in the service worker', async () => {
      await shows('[data-test=offline]', 'works offline')
      const answer = await page.evaluate(async () => {
        const put = await fetch('/notes/today', {
          method: 'PUT',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ text: 'buy bread' }),
        })
        return { status: put.status, note: await (await fetch('/notes/today')).json() }
      })
      expect(answer).toEqual({ status: 200, note: { id: 'today', text: 'buy bread' } })
    })

    it('starts without a network, with files, SQL and flows', async () => {
      await stopServing()
      await page.reload()
      await shows('[data-test=tree]', 'towns.parquet')
      await shows('[data-test=note-state]', 'GET /notes/today → 200')
      await query("SELECT count(*) AS days FROM read_csv_auto('opfs://data/weather.csv')", /^1 rows in/)
      await shows('.result', /730/)
      await serve()
    })

    it.skipIf(bucketServer === null)(
      `sends a file to a bucket, and explains a missing CORS rule${bucketServer === null ? `: ${withoutRadosgw}` : ''}`,
      async () => {
        if (bucketServer === null) return
        const client = clientFor(bucketServer, `exports-${name}`)
        await createBucket(client)
        const fields = {
          endpoint: bucketServer.endpoint,
          region: 'us-east-1',
          bucket: `exports-${name}`,
          accessKeyId: bucketServer.accessKeyId,
          secretAccessKey: bucketServer.secretAccessKey,
        }
        for (const [name, value] of Object.entries(fields)) {
          await page.$eval(
            `input[name=${name}]`,
            (input, text) => {
              input.value = text
            },
            value,
          )
        }
        await page.select('select[name=uri]', 'opfs://data/weather.csv')
        await click('Export to S3')
        await shows('.transfer.failed', /CORS/)
        expect(await textOf('.transfer.failed')).toContain(`http://127.0.0.1:${port}`)
        await click('Close')

        const cors = `<CORSConfiguration><CORSRule><AllowedOrigin>http://127.0.0.1:${port}</AllowedOrigin><AllowedMethod>GET</AllowedMethod><AllowedMethod>HEAD</AllowedMethod><AllowedMethod>PUT</AllowedMethod><AllowedMethod>POST</AllowedMethod><AllowedMethod>DELETE</AllowedMethod><AllowedHeader>*</AllowedHeader><ExposeHeader>ETag</ExposeHeader></CORSRule></CORSConfiguration>`
        await client.sendForHeaders({
          method: 'PUT',
          query: { cors: '' },
          body: new TextEncoder().encode(cors),
        })
        await click('Export to S3')
        await expect
          .poll(
            async () =>
              (await client.send({ method: 'HEAD', key: 'data/weather.csv', expect: [404] })).headers.get(
                'content-length',
              ),
            { timeout: 60_000 },
          )
          .toMatch(/^\d{4,}$/)
      },
      120_000,
    )

    it('logged no errors', () => {
      // Firefox reports a blocked cross-origin request as a page error, and one test causes exactly that.
      expect(problems.filter((each) => !each.includes('Cross-Origin Request Blocked'))).toEqual([])
    })
  })
})
