import { countOrInfinityRule, countRule, type NumberRule, timerRule } from '@flowport/capabilities'
import { numericOption } from '@flowport/capabilities/testing'
import { describe } from 'vitest'
import { azScheme } from '../src/azblob/scheme-entry.ts'
import { azblob } from '../src/azblob/preset.ts'
import { cloudflareKv } from '../src/cloudflare-kv/preset.ts'
import { cloudflareR2 } from '../src/cloudflare-r2/preset.ts'
import { gsScheme } from '../src/gcs/scheme-entry.ts'
import { gcs } from '../src/gcs/preset.ts'
import { httpScheme } from '../src/http/scheme-entry.ts'
import { http } from '../src/http/preset.ts'
import type { s3HttpNumbers } from '../src/object-http/http-options.ts'
import type { duckDbNumbers } from '../src/opfs-browser/duckdb/options.ts'
import { DuckDbDriver } from '../src/opfs-browser/duckdb/driver.ts'
import { memory } from '../src/memory/preset.ts'
import { opendal } from '../src/opendal/preset.ts'
import { s3 } from '../src/s3/preset.ts'
import { secretFiles } from '../src/secret-files/preset.ts'
import { sqlite } from '../src/sqlite/preset.ts'

interface Checked {
  check(env: Readonly<Record<string, unknown>>): string | null
}

/** What `flowport check` and a host do before anything opens: the fault is among all others, and is thrown here. */
function checked(provider: Checked): void {
  const fault = provider.check({ FLOWPORT_DATA_DIR: '.' })
  if (fault !== null) throw Object.assign(new Error(fault), { kind: 'Misconfigured' })
}

type Rules = Readonly<Record<string, NumberRule>>

function presetOptions(name: string, rules: Rules, make: (options: object) => Checked): void {
  for (const [option, rule] of Object.entries(rules))
    numericOption({ name: `${name}.${option}`, rule, take: (value) => checked(make({ [option]: value })) })
}

const mebibyte = 1024 ** 2
const native = { timeoutMs: countRule(1, 86_400_000), ioTimeoutMs: countRule(1, 86_400_000) }
const conditional = { maxConditionalBytes: countRule(0, 1024 ** 3) }
const chunks = { chunkBytes: countRule(64 * 1024, 1024 ** 3), concurrency: countRule(1, 64), ...native }
const parts = { partBytes: countRule(5 * mebibyte, 5 * 1024 ** 3), uploadConcurrency: countRule(1, 64) }
const timer = countRule(1, 2 ** 31 - 1)
const connecting = {
  connections: countRule(1, 65_536),
  pipelining: countRule(1, 1024),
  keepAliveMs: timerRule(1),
  connectTimeoutMs: timerRule(1),
  headersTimeoutMs: timerRule(1),
  bodyTimeoutMs: timerRule(1),
} satisfies Record<keyof typeof s3HttpNumbers, NumberRule>

describe('numbers of presets', () => {
  const account = { account: 'account', container: 'container', accountKey: 'a2V5' }
  const bucket = { bucket: 'bucket', anonymous: true }
  const s3Bucket = { ...bucket, region: 'auto' }
  const uploads = { chunkBytes: chunks.chunkBytes, uploadConcurrency: countRule(1, 64) }
  presetOptions('AzblobOptions', uploads, (options) => azblob({ ...account, ...options }))
  presetOptions('GcsOptions', { ...uploads, chunkBytes: countRule(5 * mebibyte, 1024 ** 3) }, (options) =>
    gcs({ ...bucket, ...options }),
  )
  presetOptions('OpendalOptions', { ...chunks, ...conditional }, (options) =>
    opendal({ scheme: 'memory', ...options }),
  )
  presetOptions('S3Options', parts, (options) => s3({ ...s3Bucket, ...options }))
  for (const [option, rule] of Object.entries(connecting)) {
    for (const make of [
      (http: object) => s3({ ...s3Bucket, http }),
      (http: object) => gcs({ ...bucket, http }),
      (http: object) => azblob({ ...account, http }),
    ])
      presetOptions('S3HttpOptions', { [option]: rule }, make)
  }
  presetOptions('SecretFilesOptions', { maxBytes: countRule(1, mebibyte) }, (options) => secretFiles(options))
  presetOptions('CloudflareR2Options', { partBytes: parts.partBytes }, (options) => cloudflareR2(options))
  presetOptions('CloudflareKvOptions', { defaultTtlSeconds: countRule(60, 2_147_483_647) }, (options) =>
    cloudflareKv(options),
  )
  presetOptions(
    'SqliteOptions',
    { busyTimeoutMs: countRule(0, 2 ** 31 - 1), maxAttempts: countRule() },
    (options) => sqlite(options),
  )
  presetOptions(
    'MemoryOptions',
    { maxBytes: countOrInfinityRule(), maxEntries: countRule(1, 100_000_000), maxAttempts: countRule() },
    (options) => memory(options),
  )
  presetOptions(
    'HttpBlobOptions',
    {
      timeoutMs: timer,
      idleTimeoutMs: timer,
      maxObjectBytes: countRule(),
      maxBufferedBytes: countRule(),
      maxHeaderBytes: countRule(1, 16 * mebibyte),
    },
    (options) => http({ url: 'https://files.example.com', ...options }),
  )
})

describe('numbers of schemes and engines', () => {
  const table: readonly (readonly [string, Rules, (options: object) => unknown])[] = [
    ['AzSchemeOptions', { blockBytes: chunks.chunkBytes, uploadConcurrency: countRule(1, 64) }, azScheme],
    ['GsSchemeOptions', parts, gsScheme],
    [
      'HttpSchemeOptions',
      { timeoutMs: timer, idleTimeoutMs: timer, maxObjectBytes: countRule(), maxBufferedBytes: countRule() },
      httpScheme,
    ],
    [
      'DuckDbOptions',
      {
        memoryLimitBytes: countRule(),
        maxSourceBytes: countOrInfinityRule(0),
        maxTargetBytes: countOrInfinityRule(0),
        restartAfterMs: timerRule(),
        startTimeoutMs: timerRule(1),
      } satisfies Record<keyof typeof duckDbNumbers, NumberRule>,
      (options) => new DuckDbDriver({} as never, options),
    ],
  ]
  for (const [name, rules, make] of table) {
    for (const [option, rule] of Object.entries(rules))
      numericOption({ name: `${name}.${option}`, rule, take: (value) => make({ [option]: value }) })
  }
})
