/** The `opfs-browser` preset in pages: what outlives what, what happens between tabs, and where it cannot be had. */
import { build } from 'esbuild'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'puppeteer-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type BrowserName,
  browserIsThere,
  launchBrowser,
  untilTrue,
  withoutBrowser,
} from '../support/browser.ts'
import { bundled, type Site, startSite } from '../support/site.ts'

const at = (file: string) => new URL(`./site/${file}`, import.meta.url).pathname
const insecureHost = 'insecure.test'

let site: Site

beforeAll(async () => {
  const strict = '<!doctype html><meta http-equiv="content-security-policy" content="worker-src \'none\'">'
  const page = '<!doctype html><meta charset="utf-8"><script type="module" src="/opfs.js"></script>'
  const trusted = `<!doctype html><meta http-equiv="content-security-policy" content="require-trusted-types-for 'script'">`
  const minified = await build({
    entryPoints: [at('opfs.ts')],
    bundle: true,
    minify: true,
    keepNames: true,
    format: 'esm',
    platform: 'browser',
    write: false,
  })
  site = await startSite({
    scripts: {
      '/opfs.js': at('opfs.ts'),
      '/opfs-worker.js': at('opfs-worker.ts'),
      '/own-worker.js': at('opfs-own-worker.ts'),
    },
    files: {
      '/': page,
      '/strict': `${strict}${page}`,
      '/trusted': `${trusted}${page}`,
      '/minified': page.replace('/opfs.js', '/minified.js'),
      '/minified.js': minified.outputFiles[0]?.contents ?? '',
      // A sandboxed frame loads modules from another origin than its own: its script is within it.
      '/frame': '<!doctype html><iframe name="inner" sandbox="allow-scripts" src="/inner"></iframe>',
      '/inner': `<!doctype html><script type="module">${new TextDecoder()
        .decode(await bundled(at('opfs.ts')))
        .replaceAll('</script', '<\\/script')}</script>`,
    },
  })
})
afterAll(() => site.close())

async function visit(browser: Browser, path = '/', origin = site.origin): Promise<Page> {
  const page = await browser.newPage()
  await page.goto(`${origin}${path}`)
  await untilTrue(page, 'globalThis.opfs !== undefined')
  return page
}

const hasChromium = await browserIsThere('chromium')
const hasFirefox = await browserIsThere('firefox')

describe.each([
  ['chromium', hasChromium],
  ['firefox', hasFirefox],
] as const)('opfs in %s', (name, isThere) => {
  const title = isThere ? 'what is stored outlives' : `skipped: ${withoutBrowser[name]}`
  describe.skipIf(!isThere)(title, () => {
    it('a reload of the page, and the browser', { timeout: 240_000 }, async () => {
      const profile = mkdtempSync(join(tmpdir(), 'flowport-opfs-'))
      try {
        const first = await launchBrowser(name, { profile })
        let etag: string
        try {
          const page = await visit(first)
          etag = await page.evaluate(async () => {
            const { blob, kv, dedupe } = await opfs.open({ fallback: 'none' })
            const stored = await blob.put('data/x.csv', 'a,b\n1,2\n', {
              contentType: 'text/csv',
              metadata: { owner: 'ann' },
            })
            await kv.put('key', 'value', { ttlSeconds: 3600, metadata: { n: 1 } })
            await dedupe.putIfAbsent('once', 3_600_000)
            return stored.etag
          })
          await page.reload()
          await untilTrue(page, 'globalThis.opfs !== undefined')
          expect(await page.evaluate(look)).toEqual(kept(etag))
        } finally {
          await first.close()
        }
        const second = await launchBrowser(name, { profile })
        try {
          expect(await (await visit(second)).evaluate(look)).toEqual(kept(etag))
        } finally {
          await second.close()
        }
      } finally {
        rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
      }
    })
  })
})

/** In the page: what is there of what the test stored. */
async function look() {
  const { blob, kv, dedupe } = await opfs.open({ fallback: 'none' })
  const { etag, contentType, metadata } = (await blob.head('data/x.csv')) ?? {}
  const entry = await kv.getWithMetadata('key')
  return {
    etag,
    contentType,
    metadata,
    text: await opfs.text(blob, 'data/x.csv'),
    plain: await opfs.readPlain(['data', 'x.csv']),
    entry: [entry?.value, entry?.metadata, entry?.expiresAt !== null],
    isNew: await dedupe.putIfAbsent('once', 3_600_000),
  }
}

function kept(etag: string) {
  return {
    etag,
    contentType: 'text/csv',
    metadata: { owner: 'ann' },
    text: 'a,b\n1,2\n',
    plain: 'a,b\n1,2\n',
    entry: ['value', { n: 1 }, true],
    isNew: false,
  }
}

describe.each([
  ['chromium', hasChromium],
  ['firefox', hasFirefox],
] as const)('opfs in %s', (name, isThere) => {
  describe.skipIf(!isThere)(isThere ? 'between pages' : `skipped: ${withoutBrowser[name]}`, () => {
    let browser: Browser
    let page: Page

    beforeAll(async () => {
      browser = await launchBrowser(name, {
        args: name === 'chromium' ? [`--host-resolver-rules=MAP ${insecureHost} 127.0.0.1`] : [],
        firefoxPrefs: {
          'network.dns.localDomains': insecureHost,
          // It asks its user whether to keep data; here nobody is there to answer.
          'dom.storageManager.prompt.testing': true,
          'dom.storageManager.prompt.testing.allow': false,
        },
      })
      page = await visit(browser)
    })
    afterAll(() => browser?.close())

    it('is plain files to other code, and takes theirs', async () => {
      const seen = await page.evaluate(async () => {
        const { blob } = await opfs.open({ fallback: 'none' })
        await opfs.writePlain(['plain', 'theirs.txt'], 'theirs')
        const theirs = await blob.head('plain/theirs.txt')
        await blob.put('plain/ours.txt', 'ours', { contentType: 'text/plain' })
        const before = await blob.head('plain/ours.txt')
        await opfs.writePlain(['plain', 'ours.txt'], 'changed')
        const after = await blob.head('plain/ours.txt')
        const listed = (await opfs.keys(blob)).filter((key) => key.startsWith('plain/'))
        const replaced = await opfs.outcome(
          blob.put('plain/ours.txt', 'late', { ifMatch: before?.etag ?? '' }),
        )
        return {
          theirs: [theirs?.size, theirs?.contentType, await opfs.text(blob, 'plain/theirs.txt')],
          types: [before?.contentType, after?.contentType],
          isOther: before?.etag !== after?.etag,
          text: await opfs.text(blob, 'plain/ours.txt'),
          listed,
          replaced,
          file: await (await opfs.opfsExtras(blob)?.file('plain/ours.txt'))?.text(),
          hidden: (await opfs.keys(blob)).filter((key) => key.includes('.flowport')),
        }
      })
      expect(seen).toEqual({
        theirs: [6, null, 'theirs'],
        types: ['text/plain', null],
        isOther: true,
        text: 'changed',
        listed: ['plain/ours.txt', 'plain/theirs.txt'],
        replaced: 'ConditionNotMatch',
        file: 'changed',
        hidden: [],
      })
    })

    it.each(['direct', 'worker'] as const)(
      'over its quota a put is LimitExceeded and leaves what was there, written %s',
      async (access) => {
        const { tab, limit, close } = await tabWithQuota(name, browser)
        try {
          const before = await tab.evaluate(async (access) => {
            const { blob, kv } = await opfs.open({ fallback: 'none', access, root: `quota-${access}` })
            await blob.put('key', 'old', { contentType: 'text/x-old' })
            await kv.put('key', 'old')
            return (await navigator.storage.estimate()).usage ?? 0
          }, access)
          await limit(before + 2 * 1024 * 1024)
          const seen = await tab.evaluate(async (access) => {
            const root = `quota-${access}`
            const { blob, kv } = await opfs.open({ fallback: 'none', access, root })
            return {
              stream: await opfs.outcome(blob.put('key', opfs.mebibytes(16))),
              bytes: await opfs.outcome(blob.put('key', new Uint8Array(16 * 1024 * 1024))),
              entry: await opfs.outcome(kv.put('key', new Uint8Array(16 * 1024 * 1024))),
              text: await opfs.text(blob, 'key'),
              type: (await blob.head('key'))?.contentType,
              value: await kv.get('key'),
              staged: await opfs.staged(root),
              isTold: ((await opfs.opfsExtras(blob)?.describe())?.usageBytes ?? 0) > 0,
            }
          }, access)
          expect(seen).toEqual({
            stream: 'LimitExceeded',
            bytes: 'LimitExceeded',
            entry: 'LimitExceeded',
            text: 'old',
            type: 'text/x-old',
            value: 'old',
            staged: [],
            isTold: true,
          })
        } finally {
          await close()
        }
      },
    )

    it.skipIf(name === 'firefox')(
      `a write whose pipe Chromium breaks is LimitExceeded over the quota and Unavailable under it${name === 'firefox' ? ', skipped: Firefox writes without such a pipe' : ''}`,
      async () => {
        const { tab, limit, close } = await tabWithQuota(name, browser)
        try {
          await limit(2 * 1024 * 1024)
          const seen = await tab.evaluate(async () => {
            const { blob } = await opfs.open({
              fallback: 'none',
              access: 'direct',
              root: 'pipe',
              isBare: true,
            })
            await blob.put('key', 'old')
            // The error that Chromium throws when the broken pipe arrives before QuotaExceededError.
            FileSystemWritableFileStream.prototype.write = () =>
              Promise.reject(new DOMException('Failed to write data to data pipe', 'AbortError'))
            return {
              over: await opfs.outcome(blob.put('key', new Uint8Array(4 * 1024 * 1024))),
              under: await opfs.outcome(blob.put('key', new Uint8Array(1024))),
              text: await opfs.text(blob, 'key'),
              staged: await opfs.staged('pipe'),
            }
          })
          expect(seen).toEqual({ over: 'LimitExceeded', under: 'Unavailable', text: 'old', staged: [] })
        } finally {
          await close()
        }
      },
    )

    it('what another holds open is Unavailable, and the default layers try again', async () => {
      const seen = await page.evaluate(async () => {
        const { blob: bare } = await opfs.open({ fallback: 'none', isBare: true })
        const { blob } = await opfs.open({ fallback: 'none' })
        await bare.put('locked', 'old')
        const worker = new Worker('/opfs-worker.js', { type: 'module' })
        await opfs.ask(worker, { op: 'hold', name: 'locked' })
        const held = [
          await opfs.outcome(bare.put('locked', 'new')),
          await opfs.outcome(bare.delete('locked')),
          await opfs.text(bare, 'locked'),
        ]
        const putting = opfs.outcome(blob.put('locked', 'new'))
        await opfs.ask(worker, { op: 'release' })
        const after = [await putting, await opfs.text(blob, 'locked')]
        worker.terminate()
        return { held, after, staged: await opfs.staged() }
      })
      expect(seen).toEqual({
        held: ['Unavailable', 'Unavailable', 'old'],
        after: ['done', 'new'],
        staged: [],
      })
    })

    it('of two tabs that race one wins, and the same key holds what one of them wrote', async () => {
      const tabs = [page, await visit(browser)]
      const outcomes = await Promise.all(
        tabs.map((tab, me) =>
          tab.evaluate(async (me) => {
            const { blob, kv, dedupe } = await opfs.open({ fallback: 'none', root: 'race' })
            const won: string[] = []
            for (let round = 0; round < 20; round++) {
              const calls = {
                blob: blob.put(`b${round}`, `tab ${me}`, { ifNoneMatch: '*' }),
                kv: kv.put(`k${round}`, `tab ${me}`, { ifAbsent: true }),
                same: blob.put('same', String(me).repeat(50_000)),
              }
              for (const [name, call] of Object.entries(calls))
                won.push(`${name} ${round}: ${await opfs.outcome(call)}`)
              const isNew = await dedupe.putIfAbsent(`d${round}`, 60_000)
              won.push(`dedupe ${round}: ${isNew ? 'done' : 'AlreadyExists'}`)
            }
            return won
          }, me),
        ),
      )
      const winners = (one: string) =>
        outcomes
          .flat()
          .filter((told) => told.startsWith(`${one}: `))
          .sort()
      for (let round = 0; round < 20; round++) {
        for (const name of ['blob', 'kv', 'dedupe'])
          expect(winners(`${name} ${round}`)).toEqual([
            `${name} ${round}: AlreadyExists`,
            `${name} ${round}: done`,
          ])
        expect(winners(`same ${round}`)).toEqual([`same ${round}: done`, `same ${round}: done`])
      }
      const left = await page.evaluate(async () => {
        const { blob } = await opfs.open({ fallback: 'none', root: 'race' })
        return { same: await opfs.text(blob, 'same'), staged: await opfs.staged('race') }
      })
      expect(['0'.repeat(50_000), '1'.repeat(50_000)]).toContain(left.same)
      expect(left.staged).toEqual([])
      await tabs[1]?.close()
    })

    it.each(['direct', 'worker'] as const)(
      'a tab that is closed midway through a put, written %s, leaves the old object',
      async (access) => {
        const root = `closed-${access}`
        const tab = await visit(browser)
        await tab.evaluate(
          async (root, access) => {
            const { blob } = await opfs.open({ fallback: 'none', root, access })
            await blob.put('key', 'old')
            await new Promise<void>((stopped) => void blob.put('key', opfs.mebibytes(9, 5, stopped)))
          },
          root,
          access,
        )
        expect(await page.evaluate((root) => opfs.staged(root), root)).not.toEqual([])
        const whileOpen = await page.evaluate(async (root) => {
          const { blob } = await opfs.open({ fallback: 'none', root })
          return [await opfs.text(blob, 'key'), (await opfs.staged(root)).length > 0]
        }, root)
        expect(whileOpen).toEqual(['old', true])
        await tab.close()
        await expect
          .poll(() =>
            page.evaluate(async (root) => {
              const { blob } = await opfs.open({ fallback: 'none', root })
              return [await opfs.text(blob, 'key'), await opfs.staged(root)]
            }, root),
          )
          .toEqual(['old', []])
      },
    )

    it('writes through sync access handles inside a worker', async () => {
      const answer = await page.evaluate(() =>
        opfs.ask(new Worker('/opfs-worker.js', { type: 'module' }), { op: 'use', name: 'in-worker' }),
      )
      expect(answer).toEqual({ mode: 'sync', size: 3_000_000 })
    })

    it("writes through a worker of its own, minified too, or through the app's", async () => {
      const write = async (worker?: string) => {
        const { blob, close } = await opfs.open({
          fallback: 'none',
          access: 'worker',
          ...(worker === undefined ? {} : { worker }),
        })
        await blob.put('by-worker', opfs.mebibytes(3))
        const described = await opfs.opfsExtras(blob)?.describe()
        const size = (await blob.head('by-worker'))?.size
        await close()
        return [described?.mode, size, await opfs.outcome(blob.put('by-worker', 'x'))]
      }
      const wrote = ['worker', 3 * 1024 * 1024, 'Unavailable']
      expect(await page.evaluate(write)).toEqual(wrote)
      expect(await page.evaluate(write, '/own-worker.js')).toEqual(wrote)
      expect(await (await visit(browser, '/minified')).evaluate(write)).toEqual(wrote)
    })

    describe('falls back to memory, visibly', () => {
      const inMemory = async () => {
        const { blob, kv, dedupe, warnings } = await opfs.open()
        await blob.put('key', 'value')
        await kv.put('key', 'value')
        return {
          works: [await opfs.text(blob, 'key'), await kv.get('key')],
          durability: [blob.info.durability, kv.info.durability, dedupe.info.durability],
          isDurable: opfs.satisfies('durability', blob.info.durability, { at_least: 'durable' }),
          fallback: blob.info.extensions['dev.flowport.opfs.fallback'],
          described: (await opfs.opfsExtras(blob)?.describe())?.fallback,
          warnings: warnings.length,
          told: warnings[0],
          refused: await opfs.outcome(opfs.open({ fallback: 'none' })),
          byUri: await opfs.byUri(),
        }
      }
      const expected = (fallback: string, told: RegExp, reason = told) => ({
        works: ['value', 'value'],
        durability: ['ephemeral', 'ephemeral', 'ephemeral'],
        isDurable: false,
        fallback,
        described: fallback,
        warnings: 1,
        told: expect.stringMatching(told) as string,
        refused: 'Misconfigured',
        byUri: {
          text: 'x',
          told: [expect.stringMatching(/opfs:\/\/ is not available here.*memory instead, and are lost/)],
          described: [
            {
              scheme: 'opfs',
              fallback: { provider: 'memory', reason: expect.stringMatching(reason) as string },
            },
          ],
        },
      })

      it('on an origin that is not secure', async () => {
        const tab = await visit(browser, '/', `http://${insecureHost}:${site.port}`)
        expect(await tab.evaluate(inMemory)).toEqual(expected('missing', /not in a secure context/))
        await tab.close()
      })

      it('in a sandboxed frame', async () => {
        const tab = await browser.newPage()
        await tab.goto(`${site.origin}/frame`)
        const frame = await tab.waitForFrame((one) => one.url().endsWith('/inner'))
        await untilTrue(frame, 'globalThis.opfs !== undefined')
        expect(await frame.evaluate(inMemory)).toEqual(expected('refused', /SecurityError.*sandboxed frame/))
        await tab.close()
      })

      it('where nothing can write: no createWritable, and no worker starts', async () => {
        const tab = await visit(browser, '/strict')
        await tab.evaluate(() => {
          Reflect.deleteProperty(FileSystemFileHandle.prototype, 'createWritable')
        })
        expect(await tab.evaluate(inMemory)).toEqual(expected('no-writer', /worker .* did not start/))
        await tab.close()
      })

      it('where the page requires Trusted Types and a worker is asked for, which a TrustedScriptURL mends', async () => {
        const tab = await visit(browser, '/trusted')
        const seen = await tab.evaluate(async () => {
          interface Trusting {
            readonly trustedTypes?: {
              createPolicy(
                name: string,
                rules: { createScriptURL(url: string): string },
              ): { createScriptURL(url: string): string }
            }
          }
          const { trustedTypes } = globalThis as Trusting
          const plain = await opfs.open({ root: 'trusted' })
          const asked = await opfs.open({ root: 'trusted', access: 'worker' })
          const policy = trustedTypes?.createPolicy('test', { createScriptURL: (url) => url })
          const worker = () =>
            new Worker(policy?.createScriptURL('/own-worker.js') ?? '/own-worker.js', { type: 'module' })
          const mended = await opfs.open({ root: 'trusted', access: 'worker', worker })
          const modeOf = (store: typeof plain) => store.blob.info.extensions['dev.flowport.opfs.mode']
          return {
            isTrusting: trustedTypes !== undefined,
            modes: [modeOf(plain), modeOf(asked), modeOf(mended)],
            warning: asked.warnings[0] ?? null,
          }
        })
        expect(seen.modes).toEqual(['writable', seen.isTrusting ? 'memory' : 'worker', 'worker'])
        if (seen.isTrusting) expect(seen.warning).toMatch(/require-trusted-types-for.*TrustedScriptURL/)
        await tab.close()
      })

      it('but starts its worker where only createWritable is missing, as in Safari', async () => {
        const tab = await visit(browser)
        const mode = await tab.evaluate(async () => {
          Reflect.deleteProperty(FileSystemFileHandle.prototype, 'createWritable')
          const { blob } = await opfs.open({ fallback: 'none', root: 'safari' })
          await blob.put('key', 'value')
          return [blob.info.extensions['dev.flowport.opfs.mode'], await opfs.text(blob, 'key')]
        })
        expect(mode).toEqual(['worker', 'value'])
        await tab.close()
      })
    })

    it('states unknown durability where persistence is required and not given', async () => {
      const stated = await page.evaluate(async () => {
        const { blob } = await opfs.open({ fallback: 'none', persist: 'required' })
        const { blob: asking } = await opfs.open({ fallback: 'none', persist: true })
        const isPersisted = await navigator.storage.persisted()
        return {
          isPersisted,
          required: blob.info.durability,
          extension: blob.info.extensions['dev.flowport.opfs.persisted'],
          asked: asking.info.durability,
          described: (await opfs.opfsExtras(blob)?.describe())?.isPersisted,
        }
      })
      const { isPersisted } = stated
      expect(stated).toEqual({
        isPersisted,
        required: isPersisted ? 'durable' : 'unknown',
        extension: isPersisted,
        asked: 'durable',
        described: isPersisted,
      })
    })
  })
})

/** A tab whose origin may be given little room. Firefox takes its limit, of 10 MiB at least, when it starts. */
async function tabWithQuota(name: BrowserName, browser: Browser) {
  if (name === 'firefox') {
    const small = await launchBrowser(name, {
      firefoxPrefs: { 'dom.quotaManager.temporaryStorage.fixedLimit': 10 * 1024 },
    })
    return { tab: await visit(small), limit: async () => undefined, close: () => small.close() }
  }
  const tab = await visit(browser)
  const session = await tab.createCDPSession()
  const { origin } = site
  return {
    tab,
    limit: async (quotaSize: number) => session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize }),
    async close() {
      await session.send('Storage.overrideQuotaForOrigin', { origin })
      await tab.close()
    },
  }
}
