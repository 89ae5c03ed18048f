import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startRadosgw, withoutRadosgw } from './support/radosgw.ts'
import { createBucket, nodeClientFor } from './support/s3-bucket.ts'
import { tempDirectory } from './support/temp-directory.ts'

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: readonly {
    readonly message?: string
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

const server = await startRadosgw()

describe.skipIf(server === null)(
  `preset s3 in workerd${server === null ? `: ${withoutRadosgw}` : ''}`,
  () => {
    it('keeps the promises of a blob store, over sockets of workerd', { timeout: 280_000 }, async () => {
      if (server === null) return
      await createBucket(nodeClientFor(server, 'workerd'))
      const { numPassedTests, numFailedTests, testResults } = await runInWorkerd('s3-conformance.suite.ts', {
        S3_ENDPOINT: server.endpoint,
        S3_ACCESS_KEY_ID: server.accessKeyId,
        S3_SECRET_ACCESS_KEY: server.secretAccessKey,
        S3_BUCKET: 'workerd',
        S3_PROVIDER: 'ceph',
      })
      const failed = testResults.flatMap(({ message, assertionResults }) => [
        ...(message ? [message] : []),
        ...assertionResults.flatMap(({ status, fullName }) => (status === 'failed' ? [fullName] : [])),
      ])
      expect(failed).toEqual([])
      expect(numFailedTests).toBe(0)
      expect(numPassedTests).toBeGreaterThan(180)
    })
  },
)

/** The report of one file's tests, run by a vitest of its own whose workerd knows these variables. */
async function runInWorkerd(file: string, variables: Record<string, string>): Promise<Report> {
  const { VITEST: _, VITEST_WORKER_ID: __, VITEST_POOL_ID: ___, ...inherited } = process.env
  const report = join(tempDirectory(), 'report.json')
  const child = spawn(process.execPath, [join(import.meta.dirname, 'run-in-workerd.ts'), file, report], {
    env: { ...inherited, ...variables },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (said += chunk))
  await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject))
  if (!existsSync(report)) throw new Error(`no report: ${said.slice(-4000)}`)
  return JSON.parse(readFileSync(report, 'utf8')) as Report
}
