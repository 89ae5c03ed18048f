/**
 * Flows invoked in the page itself: on OPFS across reloads, under a strict content security policy, and refused when stores are
 * too weak.
 */
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

const names: readonly BrowserName[] = ['chromium', 'firefox']

for (const name of names) {
  const isThere = await browserIsThere(name)
  describe.skipIf(!isThere)(isThere ? name : `${name}: ${withoutBrowser[name]}`, () => {
    let browser: Browser
    let site: Site
    let page: Page

    beforeAll(async () => {
      site = await startSite({
        scripts: { '/page.js': join(import.meta.dirname, 'site/page.ts') },
        // Forbids eval, new Function and inline scripts.
        headers: { 'content-security-policy': "default-src 'none'; script-src 'self'; connect-src 'self'" },
      })
      browser = await launchBrowser(name, {
        args: name === 'chromium' ? ['--host-resolver-rules=MAP insecure.test 127.0.0.1'] : [],
      })
      page = await labPage(browser, site.origin)
    })
    afterAll(async () => {
      await browser.close()
      await site.close()
    })

    it('runs when the page may not evaluate text as code', async () => {
      const note = { id: 'at-load', text: 'x' }
      expect(await inLab(page, async (lab) => [lab.madeOfText, await lab.atLoad])).toEqual([
        'EvalError',
        { written: note, read: note },
      ])
    })

    it('runs flows by invocation and by request, and opens the profile one time', async () => {
      const result = await inLab(page, async (lab) => {
        const host = lab.createBrowserHost(lab.app)
        const { getNote, putNote, shout } = lab.flows
        const early = host.warnings
        const results = await Promise.all([
          host.invoke(shout, { input: { text: 'a' } }),
          host.invoke(putNote, { input: { id: '1', text: 'on disk' } }),
        ])
        const asked = await host.fetch('/notes/1')
        const { name, profile, bindings } = await host.describe()
        const failed = await host
          .invoke(getNote, { input: { id: 'none' } })
          .catch((error: Error) => error.message)
        const bag = host.bag.names().toSorted()
        await host.close()
        return {
          early,
          results,
          asked: [asked.status, await asked.json()],
          described: [name, profile, bindings.find(({ name }) => name === 'kv')?.guarantees],
          failed,
          bag,
          closed: await host.invoke(shout, { input: { text: 'a' } }).catch((error: Error) => error.message),
        }
      })
      expect(result).toEqual({
        early: [],
        results: [{ text: 'A' }, { id: '1', text: 'on disk' }],
        asked: [200, { id: '1', text: 'on disk' }],
        described: [
          'pages',
          'browser',
          expect.objectContaining({ consistency: 'strong', durability: 'durable' }),
        ],
        failed: expect.stringContaining('No such note'),
        bag: ['blob', 'clock', 'dedupe', 'http', 'kv', 'queue:jobs', 'rng', 'secrets'],
        closed: 'the host is closed: create another one',
      })
    })

    it('reads after a reload what it wrote before', async () => {
      await page.reload()
      await ready(page)
      const note = await inLab(page, async (lab) => {
        return lab.createBrowserHost(lab.app).invoke(lab.flows.getNote, { input: { id: '1' } })
      })
      expect(note).toEqual({ id: '1', text: 'on disk' })
    })

    it('stops a run at its deadline and by its signal', async () => {
      const errors = await inLab(page, async (lab) => {
        const host = lab.createBrowserHost(lab.app, {
          hooks: [{ name: 'slow', before: () => new Promise<undefined>((go) => setTimeout(go, 5_000)) }],
        })
        const codeOf = (error: { failure?: string; code?: string }) => error.failure ?? error.code
        const input = { text: 'a' }
        return Promise.all([
          host.invoke(lab.flows.shout, { input, deadline: new Date(Date.now() + 20) }).catch(codeOf),
          host.invoke(lab.flows.shout, { input, signal: AbortSignal.timeout(20) }).catch(codeOf),
        ])
      })
      expect(errors).toEqual(['DeadlineExceeded', 'Cancelled'])
    })

    it('runs flows with queue triggers while the page is open', async () => {
      const text = await inLab(page, async (lab) => {
        const host = lab.createBrowserHost(lab.app)
        const headers = { 'content-type': 'application/json' }
        await host.fetch('/jobs', { method: 'POST', body: '{"id":"job","text":"it"}', headers })
        for (let i = 0; i < 200; i++) {
          const note = await host.fetch('/notes/job')
          if (note.status === 200) return ((await note.json()) as { text: string }).text
          await new Promise((resolve) => setTimeout(resolve, 25))
        }
        return null
      })
      expect(text).toBe('worked on it')
    })

    it('refuses flows that need a durable store, with every finding', async () => {
      const refused = await inLab(page, async (lab) => {
        const host = lab.createBrowserHost(lab.forgetful)
        const error = await host.ready.then(
          () => null,
          (it: { diagnostics: { code: string; message: string }[] }) => it,
        )
        const asked = await host.fetch('/notes/1')
        return {
          codes: error?.diagnostics.map(({ code, message }) => [code, message]),
          asked: [asked.status, ((await asked.json()) as { code: string }).code],
        }
      })
      expect(refused.codes).toEqual([['CAP102', expect.stringMatching(/durability.*durable.*ephemeral/)]])
      expect(refused.asked).toEqual([503, 'CAP102'])
    })

    it('refuses flows of another app', async () => {
      const message = await inLab(page, async (lab) => {
        const host = lab.createBrowserHost({ ...lab.app, flows: [] })
        return host.invoke(lab.flows.shout, { input: { text: 'a' } }).then(
          () => 'ran',
          (error: Error) => error.message,
        )
      })
      expect(message).toBe('the app has no flow "shout": add it to defineApp({ flows })')
    })

    const refusing =
      name === 'chromium'
        ? 'refuses them, and says why, where the browser gives no storage'
        : 'an insecure origin: Firefox is given none here'
    it.skipIf(name === 'firefox')(refusing, async () => {
      const insecure = await labPage(browser, `http://insecure.test:${site.port}`)
      const result = await inLab(insecure, async (lab) => {
        const logs: string[] = []
        const log = (_: unknown, message: string) => void logs.push(message)
        const host = lab.createBrowserHost(lab.app, { log: { debug: log, info: log, warn: log, error: log } })
        const codes = await host.ready.then(
          () => [],
          (it: { diagnostics: { code: string }[] }) => it.diagnostics.map(({ code }) => code),
        )
        const registered = await lab.registerServiceWorker('/sw.js').catch(({ message }: Error) => message)
        const outbox = (() => {
          try {
            return lab.createOutbox()
          } catch (error) {
            return (error as Error).message
          }
        })()
        // Flows that need no durable store run, with warnings.
        const modest = lab.createBrowserHost({ ...lab.app, flows: [lab.flows.shout] })
        const shouted = await modest.invoke(lab.flows.shout, { input: { text: 'a' } })
        const { warnings } = await modest.describe()
        return {
          codes,
          logs,
          registered,
          outbox,
          shouted,
          warnings: warnings.map(({ code, name }) => [code, name]),
        }
      })
      expect(result.codes).toContain('CAP102')
      expect(result.logs.join()).toMatch(/memory/i)
      expect(result.shouted).toEqual({ text: 'A' })
      expect(result.warnings).toEqual(
        ['blob', 'kv', 'dedupe'].map((resource) => ['weaker_than_stated', resource]),
      )
      expect(result.registered).toMatch(/there are no service workers here/)
      expect(result.outbox).toMatch(/Web Locks/)
      await insecure.close()
    })
  })
}
