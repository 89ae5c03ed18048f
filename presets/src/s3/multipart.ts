/** Multipart uploads and copies of S3, request by request. */
import {
  AppliedOverTries,
  beforeApplying,
  CapabilityError,
  isKind,
  type Logger,
} from '@flowport/capabilities'
import { type S3Client, unsigned } from './client.ts'
import { toHex } from '../object-http/encode.ts'
import { bareEtag, documentOf, required } from './object.ts'
import { abortUpload, countParts, pendingUploads } from './pending-uploads.ts'
import { isTemporary, pause, type Tries } from '../object-http/read.ts'
import { codeIn, errorFor } from './translate-error.ts'
import type { MultipartUpload } from '../object-http/upload.ts'
import { escapeXml, text } from '../object-http/xml.ts'

export interface S3Part {
  readonly etag: string
}

export interface S3Upload extends MultipartUpload<S3Part> {
  readonly key: string
  readonly uploadId: string
}

export interface Completed {
  /** Empty where the store tells none. */
  readonly etag: string
  readonly date: string | null
}

export class S3Uploads {
  readonly #client: S3Client
  readonly #tries: Tries
  /** Of every part. */
  readonly #partHeaders: Readonly<Record<string, string>>
  /** Uploads this instance knows of. */
  readonly #own = new Set<string>()

  constructor(client: S3Client, tries: Tries, signParts: boolean) {
    this.#client = client
    this.#tries = tries
    this.#partHeaders = signParts ? {} : { 'x-amz-content-sha256': unsigned }
  }

  async begin(
    key: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<S3Upload> {
    const since = this.#client.now()
    let uploadId: string
    try {
      const xml = await this.#client.sendForText({
        method: 'POST',
        key,
        query: { uploads: '' },
        headers,
        signal,
      })
      refuseErrorDocument(xml)
      uploadId = required(documentOf(xml), 'UploadId')
    } catch (error) {
      // The store may have begun an upload whose id is lost.
      if (signal?.aborted === true || isKind(error, 'Unavailable', 'Timeout', 'Unexpected')) {
        await this.#sweep(key, since).catch(() => undefined)
      }
      throw error
    }
    this.#own.add(uploadId)
    const upload = { key, uploadId }
    return {
      ...upload,
      uploadPart: (number, bytes, { signal: part = signal, sha256 }) =>
        this.#sendPart({ ...upload, number }, bytes, sha256, part),
      abort: (cut) => this.#abort(upload, cut),
    }
  }

  async complete(
    { key, uploadId }: Pick<S3Upload, 'key' | 'uploadId'>,
    parts: readonly S3Part[],
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<Completed> {
    const list = parts.map(
      ({ etag }, i) =>
        `<Part><PartNumber>${i + 1}</PartNumber><ETag>&quot;${escapeXml(etag)}&quot;</ETag></Part>`,
    )
    const answer = await this.#client.send({
      method: 'POST',
      key,
      query: { uploadId },
      headers: { 'content-type': 'application/xml', ...headers },
      body: encoder.encode(`<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`),
      signal,
    })
    const xml = await answer.text()
    refuseErrorDocument(xml)
    const etag = bareEtag(text(documentOf(xml), 'ETag'))
    this.#own.delete(uploadId)
    return { etag, date: answer.headers.get('date') }
  }

  /** The etag the store will give an object of these parts, where etags are MD5; `null` where they are something else. */
  etagOf(parts: readonly S3Part[]): string | null {
    const digest = this.#client.digests.running('md5')
    for (const { etag } of parts) {
      if (!/^[0-9a-f]{32}$/.test(etag)) return null
      digest.update(Uint8Array.from(etag.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16)))
    }
    return `${toHex(digest.digest())}-${parts.length}`
  }

  async copyWhole(source: string, key: string, signal: AbortSignal | undefined): Promise<void> {
    const headers = { 'x-amz-copy-source': source, 'x-amz-metadata-directive': 'COPY' }
    const xml = await this.#client.sendForText({ method: 'PUT', key, headers, signal })
    refuseErrorDocument(xml)
    documentOf(xml)
  }

  /** Copies by ranges of one version of the source. */
  async copyParts(
    from: { readonly source: string; readonly size: number; readonly ifMatch: string },
    to: { readonly key: string; readonly headers: Readonly<Record<string, string>> },
    options: {
      readonly partBytes: number
      readonly signal: AbortSignal | undefined
      readonly log: Pick<Logger, 'warn'>
      /** Completes the upload, also where an answer is lost on its way. */
      readonly complete: (upload: S3Upload, parts: readonly S3Part[]) => Promise<unknown>
    },
  ): Promise<void> {
    const { partBytes, signal, log, complete } = options
    const upload = await beforeApplying(() => this.begin(to.key, to.headers, signal))
    const copyPart = async (number: number, range: string): Promise<S3Part> => {
      const xml = await this.#client.sendForText({
        method: 'PUT',
        key: to.key,
        query: { partNumber: String(number), uploadId: upload.uploadId },
        headers: {
          'x-amz-copy-source': from.source,
          'x-amz-copy-source-if-match': from.ifMatch,
          'x-amz-copy-source-range': range,
        },
        signal,
      })
      refuseErrorDocument(xml)
      return { etag: bareEtag(required(documentOf(xml), 'ETag')) }
    }
    try {
      const parts: S3Part[] = []
      for (let start = 0; start < from.size; start += partBytes) {
        const range = `bytes=${start}-${Math.min(from.size, start + partBytes) - 1}`
        parts.push(await beforeApplying(() => copyPart(parts.length + 1, range)))
      }
      await complete(upload, parts)
    } catch (error) {
      await upload.abort(true).catch((failure: unknown) => {
        log.warn(
          { err: failure },
          'a failed multipart copy could not be aborted; the store keeps its parts for now',
        )
      })
      throw error
    }
  }

  /** A part is in memory, so it can be sent again; the layers above cannot, as the stream it came from is read. */
  async #sendPart(
    { key, uploadId, number }: Pick<S3Upload, 'key' | 'uploadId'> & { readonly number: number },
    body: Uint8Array<ArrayBuffer>,
    sha256: Uint8Array | undefined,
    signal: AbortSignal | undefined,
  ): Promise<S3Part> {
    const query = { partNumber: String(number), uploadId }
    return again(this.#tries, signal, async () => {
      const { headers } = await this.#client.sendForHeaders({
        method: 'PUT',
        key,
        query,
        headers: this.#partHeaders,
        body,
        sha256,
        signal,
      })
      return { etag: bareEtag(headers.get('etag')) }
    })
  }

  /** Without the caller's signal, because the clean-up runs after it has fired. */
  async #abort(upload: Pick<S3Upload, 'key' | 'uploadId'>, cut: boolean): Promise<void> {
    const signal = AbortSignal.timeout(cleanUpMs)
    await again(this.#tries, signal, () => abortUpload(this.#client, upload, signal))
    // A part that was cut off may arrive after that, and would keep the upload:
    // https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html
    for (let left = 3; cut && left > 0; left--) {
      if ((await countParts(this.#client, upload, signal)) === null) break
      await abortUpload(this.#client, upload, signal)
    }
    this.#own.delete(upload.uploadId)
  }

  /**
   * Aborts the upload of a `begin` whose answer was lost: of this key, begun since then, without parts, and not one of ours.
   * Another process that has just begun an upload of the same key would get `NoSuchUpload`, and put again.
   */
  async #sweep(key: string, since: number): Promise<void> {
    const signal = AbortSignal.timeout(cleanUpMs)
    for await (const upload of pendingUploads(this.#client, key, signal)) {
      const { uploadId, initiated } = upload
      const fresh = initiated.getTime() >= since - clockToleranceMs
      if (upload.key !== key || !fresh || this.#own.has(uploadId)) continue
      if ((await countParts(this.#client, upload, signal)) === 0)
        await abortUpload(this.#client, upload, signal)
    }
  }
}

/** Tries again what may work in a moment. What it gives up with says of the write the worst of all tries. */
export async function again<T>(
  tries: Tries,
  signal: AbortSignal | undefined,
  run: () => Promise<T>,
): Promise<T> {
  const applied = new AppliedOverTries()
  for (let failures = 1; ; failures++) {
    try {
      return await run()
    } catch (failure) {
      const error = applied.failed(failure)
      if (signal?.aborted === true || !mayRepeat(error) || failures > tries.more) throw error
      await pause(tries, failures, error, signal)
    }
  }
}

/** Bytes that were altered on their way in are sent again, unlike such that came so. */
function mayRepeat(error: unknown): boolean {
  return isTemporary(error) || (isKind(error, 'Corrupt') && error.retryable === 'temporary')
}

/** S3 begins to answer before it has finished: status 200 may carry an error. */
function refuseErrorDocument(xml: string): void {
  const code = codeIn(xml)
  if (code === '') return
  const error = errorFor({ status: 200, code, requestId: null, retryAfterMs: undefined })
  throw error.kind === 'Unexpected'
    ? new CapabilityError('Unavailable', error.reason, { ...(error.details && { details: error.details }) })
    : error
}

/** A store that is silent must not keep the caller for long. */
const cleanUpMs = 5000
/** Seconds are cut off dates of uploads, and clocks differ. */
const clockToleranceMs = 5000
const encoder = new TextEncoder()
