/**
 * Compares the ledger over a real S3 server, which `BENCH_S3_ENDPOINT` names, with the same conditional writes by `aws4fetch`.
 */
import { s3Dedupe } from '@flowport/presets/s3'
import { openProviders, silentLogger } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { AwsClient } from 'aws4fetch'
import { type Candidate, compare } from '../harness.ts'
import { comparisonTable, type Report } from '../report.ts'
import { ledgerSteps, result } from './shared.ts'

const title = 'begin + complete, s3'

export async function measureS3(): Promise<Report> {
  const {
    BENCH_S3_ENDPOINT: endpoint,
    BENCH_S3_BUCKET: bucket = 'bench',
    BENCH_S3_ACCESS_KEY_ID: accessKeyId = '',
    BENCH_S3_SECRET_ACCESS_KEY: secretAccessKey = '',
    BENCH_S3_PROVIDER: provider = 'ceph',
  } = process.env
  if (endpoint === undefined) {
    const note =
      'Not measured: `BENCH_S3_ENDPOINT` names no server, and the fake of the other parts has no conditional writes.'
    return { tables: [{ title, header: [''], rows: [], notes: [note] }], aims: [] }
  }
  const run = `idempotency-${Date.now()}`
  const env = {
    S3_PROVIDER: provider,
    S3_ENDPOINT: endpoint,
    S3_BUCKET: bucket,
    S3_ROOT: run,
    S3_ACCESS_KEY_ID: accessKeyId,
    S3_SECRET_ACCESS_KEY: secretAccessKey,
  }
  const host = { clock: systemClock, others: new Map() }
  const bag = await openProviders([s3Dedupe()], host, { env, log: silentLogger, bindings: {} })
  const client = new AwsClient({
    accessKeyId,
    secretAccessKey,
    service: 's3',
    region: 'us-east-1',
    retries: 0,
  })
  const raw = 'two conditional PUTs by `aws4fetch`'
  try {
    const measured = await compare({
      reference: raw,
      expected: true,
      roundMs: 400,
      candidates: [
        ledgerSteps('the ledger', bag.require('dedupe')),
        conditionalPuts(raw, client, `${endpoint}/${bucket}/${run}-raw`),
      ],
    })
    return { tables: [comparisonTable(title, measured, { unit: 'µs' })], aims: [] }
  } finally {
    await bag.close()
  }
}

/**
 * Makes two conditional PUTs: the first creates the record, the second replaces the version that the first returned. The ledger
 * also reads the version.
 */
function conditionalPuts(name: string, client: AwsClient, folder: string): Candidate<boolean> {
  let at = 0
  const put = async (url: string, record: object, condition: Readonly<Record<string, string>>) => {
    const response = await client.fetch(url, {
      method: 'PUT',
      body: JSON.stringify(record),
      headers: condition,
    })
    await response.arrayBuffer()
    // Ceph's gateway never matches a quoted ETag.
    return response.ok ? (response.headers.get('etag')?.replaceAll('"', '') ?? null) : null
  }
  return {
    name,
    async run(times) {
      let kept = 0
      for (let i = 0; i < times; i++) {
        const url = `${folder}/${at++}`
        const token = crypto.randomUUID()
        const etag = await put(url, { token, endsAt: Date.now() + 30_000 }, { 'if-none-match': '*' })
        if (etag === null) continue
        if ((await put(url, { token, result }, { 'if-match': etag })) !== null) kept++
      }
      return kept === times
    },
  }
}
