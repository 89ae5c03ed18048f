/** Compares the cost of type-checking 100 flows with their schemas in plain functions, with TypeScript 5.9 and 7. */
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { digits } from './numbers.ts'
import type { Report } from './report.ts'

const script = resolve(import.meta.dirname, '../../host-node/test/types/measure.ts')

interface Costs {
  readonly compiler: string
  /** Instantiations of the schemas and of the app, then seconds of both. */
  readonly figures: readonly [number, number, number, number]
}

export async function measure(): Promise<Report> {
  const { stdout } = await promisify(execFile)(process.execPath, [script])
  const costs = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Costs)
  return {
    tables: [
      {
        title: '100 flows of three nodes, beside the same schemas in plain functions',
        header: [
          'TypeScript',
          'instantiations, schemas',
          'with flows',
          'ratio',
          'check s, schemas',
          'with flows',
        ],
        rows: costs.map(({ compiler, figures: [alone, app, aloneSeconds, appSeconds] }) => [
          compiler,
          String(alone),
          String(app),
          digits(app / alone),
          digits(aloneSeconds),
          digits(appSeconds),
        ]),
        notes: ['Instantiations are the same in every run; 7 checks with one thread here, so that they are.'],
      },
    ],
    aims: costs.map(({ compiler, figures: [alone, app] }) => ({
      aim: `TypeScript ${compiler}: 100 flows cost at most 2 × their schemas`,
      measured: digits(app / alone),
      holds: app <= 2 * alone,
    })),
  }
}
