/** What the fault tests share: a server behind a proxy that breaks things, stores over every engine, and what must hold. */
import { randomBytes } from 'node:crypto'
import { inspect } from 'node:util'
import {
  type BlobDriver,
  type BlobStore,
  type Clock,
  type CapabilityError,
  createBlobStore,
  type ErrorKind,
  isCapabilityError,
  logging,
  type Logger,
  type Resource,
  retry,
  silentLogger,
} from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { afterEach, expect, it } from 'vitest'
import { S3BlobDriver } from '../../src/s3/blob-driver.ts'
import type { S3Client } from '../../src/s3/client.ts'
import { abortUpload, pendingUploads as allPending } from '../../src/s3/pending-uploads.ts'
import { cephProfile } from '../support/ceph-profile.ts'
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts'
import { startRadosgw } from '../support/radosgw.ts'
import { clientFor, createBucket, pendingUploads } from '../support/s3-bucket.ts'
import type { Engine, OpenedEngine } from './engines.ts'

export const bucket = 'faults'
/** Attempts of the retry layer. */
export const attempts = 4

/** A test, or one that is skipped and says why: for the engine, `reason` is why not. */
export function itUnless(reason: string | null, name: string, run: () => Promise<void>): void {
  if (reason === null) it(name, run)
  else it.skip(`${name} (${reason})`, run)
}

/** Bytes that compress to nothing and are found nowhere else. */
export function freshBytes(length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(randomBytes(length))
}

export interface Harness {
  readonly proxy: FaultProxy
  readonly corpus: Corpus
  /** The server without the proxy. */
  readonly direct: BlobDriver
  readonly client: S3Client
  readonly keys: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** Ends every upload there is. */
  abortAll(): Promise<void>
  open(engine: Engine, over?: Partial<Parameters<Engine['open']>[0]>): Promise<Opened>
  /** Exactly this is under the key, whole, and nothing is left of other attempts. */
  expectStored(opened: Opened, key: string, bytes: Uint8Array | null): Promise<void>
}

export interface Opened {
  readonly blob: BlobStore & Resource
  readonly driver: BlobDriver
  readonly settle: OpenedEngine['settle']
  readonly clock: QuickClock
  readonly engine: Engine
}

/** The server, the proxy before it and a bucket; `null` where there is no server. Call it while tests are collected. */
export async function startHarness(): Promise<Harness | null> {
  const server = await startRadosgw()
  if (server === null) return null
  const proxy = await startFaultProxy(server.endpoint)
  const client = clientFor(server, bucket)
  await createBucket(client)
  const corpus = new Corpus([server.accessKeyId, server.secretAccessKey])
  const direct = new S3BlobDriver({ client, profile: cephProfile, log: silentLogger })
  const open: OpenedEngine[] = []
  afterEach(async () => {
    proxy.clear()
    for (const each of open.splice(0)) {
      await each.settle()
      await each.close()
    }
  })
  return {
    proxy,
    corpus,
    direct,
    client,
    keys: server,
    async abortAll() {
      for await (const upload of allPending(client, '')) await abortUpload(client, upload)
    },
    async open(engine, over = {}) {
      const clock = new QuickClock()
      const { accessKeyId, secretAccessKey } = server
      const keys = { endpoint: proxy.endpoint, bucket, accessKeyId, secretAccessKey }
      const opened = await engine.open({ ...keys, clock, log: corpus.log, silenceMs: 400, ...over })
      open.push(opened)
      const { driver, settle } = opened
      const layers = [
        logging({ log: corpus.log, successes: true }),
        retry({ maxAttempts: attempts, clock, log: corpus.log }),
      ]
      return { blob: createBlobStore(driver, { layers }), driver, settle, clock, engine }
    },
    async expectStored({ settle }, key, bytes) {
      await settle()
      const opened = await direct.get(key, {})
      if (bytes === null || opened === null) expect([bytes, opened]).toEqual([null, null])
      else {
        const read = new Uint8Array(await new Response(opened.body).arrayBuffer())
        expect(Buffer.compare(read, bytes), 'the bytes that are stored').toBe(0)
      }
      await expect.poll(() => pendingUploads(client)).toEqual([])
    },
  }
}

/** The real time, without waits: what was to be waited is kept instead. */
export class QuickClock implements Clock {
  readonly waits: number[] = []

  now(): number {
    return systemClock.now()
  }

  monotonic(): number {
    return systemClock.monotonic()
  }

  async sleep(ms: number, { signal }: Parameters<Clock['sleep']>[1] = {}): Promise<void> {
    signal?.throwIfAborted()
    this.waits.push(ms)
  }
}

/** All errors and log lines of a file of tests, searched for secrets at its end. */
export class Corpus {
  readonly log: Logger
  readonly #secrets: string[]
  readonly #texts: string[] = []
  #errors = 0

  constructor(secrets: readonly string[]) {
    this.#secrets = [...secrets]
    const line = (fields: Readonly<Record<string, unknown>>, message: string) => {
      this.#texts.push(`${message} ${inspect(fields, { depth: 10 })} ${JSON.stringify(fields)}`)
    }
    this.log = { debug: line, info: line, warn: line, error: line }
  }

  addSecrets(...secrets: readonly string[]): void {
    this.#secrets.push(...secrets)
  }

  lines(message: string): readonly string[] {
    return this.#texts.filter((text) => text.startsWith(message))
  }

  /** The error `work` ends with: of one of the kinds, with a reason that says something, and kept for the search. */
  async failure(work: Promise<unknown>, ...kinds: readonly ErrorKind[]): Promise<CapabilityError> {
    const error = await work.then(
      (value) => expect.fail(`resolved ${inspect(value)}`),
      (thrown: unknown) => thrown,
    )
    this.add(error)
    if (!isCapabilityError(error)) return expect.fail(`not a CapabilityError: ${inspect(error)}`)
    expect(kinds, error.message).toContain(error.kind)
    expect(error.capability).toBe('blob')
    expect(error.reason).toMatch(/\w+ \w+ \w+/)
    return error
  }

  add(error: unknown): void {
    this.#errors += 1
    const shown = error instanceof Error ? `${error.message}\n${error.stack}` : String(error)
    this.#texts.push(`${shown}\n${JSON.stringify(error)}\n${inspect(error, { depth: 10, showHidden: true })}`)
  }

  /** Registers the last test of the file. */
  searchForSecrets(least: number): void {
    it('shows no secret in any error or log line of the tests before', () => {
      expect(this.#errors).toBeGreaterThanOrEqual(least)
      const text = this.#texts.join('\n')
      for (const secret of this.#secrets) {
        const at = text.indexOf(secret)
        expect(at, at < 0 ? '' : text.slice(Math.max(0, at - 300), at).replaceAll(secret, '…')).toBe(-1)
      }
      expect(text).not.toMatch(/X-Amz-Signature|Signature=|AWS4-HMAC/i)
    })
  }
}
