import { availableParallelism } from 'node:os'
import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'
import { type BrowserName, browserIsThere, withoutBrowser } from './presets/test/support/browser.ts'
import { puppeteer } from './presets/test/support/browser-provider.ts'

const patience = {
  testTimeout: 30_000,
  hookTimeout: 60_000,
  // Test machines may be shared and slow, so polling waits longer than it should need.
  expect: { poll: { timeout: 15_000 } },
}

/** Tests of one package that run inside workerd, with the bindings of the wrangler file in their folder. */
function inWorkerd(folder: string) {
  return {
    plugins: [
      cloudflareTest({
        wrangler: { configPath: `./${folder}/test/workers/wrangler.jsonc` },
        miniflare: { cf: false },
      }),
    ],
    test: {
      name: `${folder} in workerd`,
      include: [`${folder}/test/workers/**/*.test.ts`],
      sequence: { groupOrder: 2 },
      ...patience,
    },
  }
}

/** Tests that run inside a page of a real browser. */
async function inBrowser(browser: BrowserName) {
  if (!(await browserIsThere(browser))) {
    process.stderr.write(`skipped, tests in ${browser}: ${withoutBrowser[browser]}\n`)
    return []
  }
  const project = {
    test: {
      name: browser,
      include: ['{capabilities,flow,presets,host-workers}/test/browser/**/*.test.ts'],
      api: { host: '127.0.0.1' },
      sequence: { groupOrder: 3 },
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: puppeteer(),
        instances: [{ browser, name: browser }],
      },
      ...patience,
    },
  }
  return [project]
}

export default defineConfig(async () => ({
  test: {
    projects: [
      {
        test: {
          name: 'node',
          environment: 'node',
          pool: 'forks' as const,
          // Alone, so that each of two files at once has a core on machines with two; workerd and the browsers follow.
          sequence: { groupOrder: 1 },
          maxWorkers: Math.max(2, availableParallelism() - 1),
          include: [
            '.ci/*.test.ts',
            '{capabilities,flow,presets,host-node,host-workers,bench,examples/*}/{src,test}/**/*.test.ts',
          ],
          exclude: ['**/test/workers/**', '**/test/browser/**', '**/node_modules/**'],
          env: { CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_SEND_METRICS: 'false', WRANGLER_LOG: 'warn' },
          ...patience,
        },
      },
      inWorkerd('presets'),
      ...(await inBrowser('chromium')),
      ...(await inBrowser('firefox')),
    ],
  },
}))
