/** Pages that require Trusted Types, and sandboxed frames: supported features, and errors for the others. */
import {
  browserIsThere,
  type BrowserName,
  launchBrowser,
  untilTrue,
  withoutBrowser,
} from '@flowport/presets/test/browser'
import { type Site, startSite } from '@flowport/presets/test/site'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Lab } from './site/page.ts'
import { type Browser, inLab, labPage, type Page } from './support.ts'

const folder = join(import.meta.dirname, 'site')
const names: readonly BrowserName[] = ['chromium', 'firefox']

for (const name of names) {
  const isThere = await browserIsThere(name)
  describe.skipIf(!isThere)(isThere ? name : `${name}: ${withoutBrowser[name]}`, () => {
    let browser: Browser
    let site: Site

    beforeAll(async () => {
      const html = '<!doctype html><title>Lab</title><script type="module" src="/page.js"></script>'
      ;[browser, site] = await Promise.all([
        launchBrowser(name),
        startSite({
          scripts: { '/page.js': join(folder, 'page.ts'), '/sw.js': join(folder, 'sw.ts') },
          files: {
            '/': html,
            '/style.css': '',
            '/sandbox': '<!doctype html><iframe sandbox="allow-scripts" src="/inner"></iframe>',
            '/inner': html,
          },
          // A sandboxed frame has an opaque origin, so it loads modules cross-origin.
          headers: { 'access-control-allow-origin': '*' },
          handle(request, response) {
            if (request.url !== '/trusted') return false
            const policy = "require-trusted-types-for 'script'; trusted-types flowport-test"
            response
              .writeHead(200, { 'content-security-policy': policy, 'content-type': 'text/html' })
              .end(html)
            return true
          },
        }),
      ])
    })
    afterAll(async () => {
      await browser?.close()
      await site?.close()
    })

    it('with Trusted Types: flows run, and a service worker is registered with a TrustedScriptURL', async () => {
      const page = await labPage(browser, `${site.origin}/trusted`)
      const seen = await inLab(page, async (lab) => {
        interface Policies {
          createPolicy(
            name: string,
            rules: { createScriptURL(url: string): string },
          ): { createScriptURL(url: string): { toString(): string; toJSON(): string } }
        }
        const { trustedTypes } = globalThis as unknown as { readonly trustedTypes?: Policies }
        const host = lab.createBrowserHost(lab.app)
        const note = await host.invoke(lab.flows.putNote, { input: { id: 'trusted', text: 'x' } })
        await host.close()
        const refused = await lab.registerServiceWorker('/sw.js', { scope: '/' }).then(
          () => 'registered',
          (error: { readonly kind?: string; readonly code?: string; readonly message: string }) =>
            `${error.kind} ${error.code} ${error.message}`,
        )
        const policy = trustedTypes?.createPolicy('flowport-test', { createScriptURL: (url) => url })
        if (policy === undefined) return { note, refused, given: null }
        const worker = await lab.registerServiceWorker(policy.createScriptURL('/sw.js'), { scope: '/' })
        return { note, refused, given: worker.registration.active === navigator.serviceWorker.controller }
      })
      expect(seen.note).toEqual({ id: 'trusted', text: 'x' })
      // A browser without Trusted Types ignores the policy.
      if (seen.given === null) expect(seen.refused).toBe('registered')
      else {
        expect(seen.refused).toMatch(
          /^Misconfigured TRUSTED_TYPES .*require-trusted-types-for.*TrustedScriptURL/,
        )
        expect(seen.given).toBe(true)
      }
      await page.close()
    })

    it('in a sandboxed frame: features that need an origin throw an explanation', async () => {
      // A new context, because the previous test's service worker would answer navigations.
      const context = await browser.createBrowserContext()
      const page = await context.newPage()
      await page.goto(`${site.origin}/sandbox`)
      const frame = await page.waitForFrame((one) => one.url().endsWith('/inner'))
      await untilTrue(frame, 'globalThis.lab !== undefined')
      const seen = await inFrame(frame, async (lab) => {
        const told = async (work: () => unknown) => {
          try {
            await work()
            return 'done'
          } catch (error) {
            const { kind, message } = error as { readonly kind?: string; readonly message: string }
            return `${kind} ${message}`
          }
        }
        const host = lab.createBrowserHost(lab.app)
        return {
          worker: await told(() => lab.registerServiceWorker('/sw.js')),
          outbox: await told(() => lab.createOutbox()),
          // Its flow needs a durable store, which memory is not.
          host: await told(() => host.ready),
        }
      })
      expect(seen.worker).toMatch(/^Unsupported .*sandboxed frame.*allow-same-origin/)
      expect(seen.outbox).toMatch(/^Unsupported .*sandboxed frame.*allow-same-origin/)
      expect(seen.host).toMatch(/CAP102.*needs durability durable/s)
      await context.close()
    })
  })
}

type Frame = Awaited<ReturnType<Page['waitForFrame']>>

function inFrame<T>(frame: Frame, work: (lab: Lab) => T): Promise<Awaited<T>> {
  return frame.evaluate(`(${work.toString()})(globalThis.lab)`) as Promise<Awaited<T>>
}
