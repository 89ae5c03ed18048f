import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

const patience = {
  testTimeout: 30_000,
  hookTimeout: 60_000,
  // Machines that run this are shared: polling waits longer than it ever should have to.
  expect: { poll: { timeout: 15_000 } },
}

/** Tests of one package inside workerd, with the bindings of the wrangler file beside them. */
function inWorkerd(folder: string) {
  return {
    plugins: [
      cloudflareTest({
        wrangler: { configPath: `./${folder}/test/workers/wrangler.jsonc` },
        miniflare: { cf: false },
      }),
    ],
    test: { name: `${folder} in workerd`, include: [`${folder}/test/workers/**/*.test.ts`], ...patience },
  }
}

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'node',
          environment: 'node',
          pool: 'forks',
          include: [
            '.ci/*.test.ts',
            '{capabilities,flow,presets,host-node,host-workers,examples/*}/{src,test}/**/*.test.ts',
          ],
          exclude: ['**/test/workers/**', '**/node_modules/**'],
          env: { CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_SEND_METRICS: 'false', WRANGLER_LOG: 'warn' },
          ...patience,
        },
      },
      inWorkerd('presets'),
    ],
  },
})
