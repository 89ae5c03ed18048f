/**
 * Measures the cost of idempotency: the ledger against raw statements, keyed and atomic nodes, recorded answers, and their
 * peers.
 */
import { measureAnswers } from './idempotency/answers.ts'
import { measureLedgers } from './idempotency/ledgers.ts'
import { measureNodes } from './idempotency/nodes.ts'
import { measurePeers } from './idempotency/peers.ts'
import type { Report } from './report.ts'
import { measureSteps } from './workers.ts'

export async function measure(): Promise<Report> {
  const reports: Report[] = []
  for (const piece of [measureLedgers, measureNodes, measurePeers, measureAnswers, measureSteps])
    reports.push(await piece())
  return {
    tables: reports.flatMap(({ tables }) => tables),
    aims: reports.flatMap(({ aims }) => aims),
  }
}
