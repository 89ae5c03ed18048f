/** Runs a test file inside workerd, with the variables of this process that start with `S3_` as bindings: `<file> <report>`. */
import { resolve } from 'node:path'
import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { startVitest } from 'vitest/node'

const bindings = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value = '']) =>
    name.startsWith('S3_') ? [[name, value]] : [],
  ),
)
const [file = '', report = ''] = process.argv.slice(2)
const root = resolve(import.meta.dirname, '../..')
const wrangler = { configPath: resolve(import.meta.dirname, 'workers/wrangler.jsonc') }
const vitest = await startVitest(
  'test',
  [],
  {
    root,
    config: false,
    watch: false,
    include: [`presets/test/workers/${file}`],
    reporters: ['json'],
    outputFile: report,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
  { plugins: [cloudflareTest({ wrangler, miniflare: { cf: false, bindings } })] },
)
await vitest.close()
