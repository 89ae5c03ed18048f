/** Compares files in the browser: Flowport's OPFS store, the platform's own calls and other libraries, in Chromium. */
import { join } from 'node:path'
import { launchBrowser } from '@flowport/presets/test/browser'
import { startSite } from '@flowport/presets/test/site'
import { shuffled } from './harness.ts'
import { digits, range, ratios, spread } from './numbers.ts'
import type { Report, Table } from './report.ts'

const reference = 'createWritable, getFile'
const rounds = 7

interface PageBench {
  readonly candidates: readonly string[]
  readonly works: readonly string[]
  prepare(name: string): Promise<void>
  run(name: string, work: string, round: number): Promise<number>
}
declare const bench: PageBench

export async function measure(): Promise<Report> {
  const here = join(import.meta.dirname, 'browser')
  const site = await startSite({
    scripts: { '/page.js': join(here, 'page.ts'), '/worker.js': join(here, 'worker.ts') },
    files: { '/': '<!doctype html><title>bench</title><script type="module" src="/page.js"></script>' },
  })
  const browser = await launchBrowser('chromium')
  try {
    const page = await browser.newPage()
    await page.goto(site.origin)
    await page.waitForFunction('globalThis.bench !== undefined')
    const { candidates, works } = await page.evaluate(() => ({
      candidates: bench.candidates,
      works: bench.works,
    }))
    for (const name of candidates) await page.evaluate((each) => bench.prepare(each), name)
    const tables: Table[] = []
    for (const work of works) {
      const samples = new Map<string, number[]>(candidates.map((name) => [name, []]))
      // The first round is for warm-up.
      for (let round = 0; round <= rounds; round++) {
        for (const name of work.startsWith('read') ? candidates : shuffled(candidates)) {
          const ms = await page.evaluate((n, w, r) => bench.run(n, w, r), name, work, round)
          if (round > 0) samples.get(name)?.push(ms)
        }
      }
      const base = samples.get(reference) ?? []
      tables.push({
        title: work,
        header: ['', 'ms each [min–max]', '×'],
        rows: candidates.map((name) => {
          const took = samples.get(name) ?? []
          return [name, range(spread(took)), digits(spread(ratios(took, base)).median)]
        }),
      })
    }
    return { tables, aims: [] }
  } finally {
    await browser.close()
    await site.close()
  }
}
