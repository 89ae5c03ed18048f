/** Multipart uploads and copies of S3, request by request. */
import { CapabilityError, type Logger } from '@flowport/capabilities'
import type { S3Client } from './client.ts'
import { bareEtag, required } from './object.ts'
import { codeIn, errorFor } from './translate-error.ts'
import type { MultipartUpload } from './upload.ts'
import { escapeXml, text } from './xml.ts'

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

  constructor(client: S3Client) {
    this.#client = client
  }

  async begin(
    key: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal | undefined,
  ): Promise<S3Upload> {
    const xml = await this.#client.sendForText({
      method: 'POST',
      key,
      query: { uploads: '' },
      headers,
      signal,
    })
    const uploadId = required(xml, 'UploadId')
    return {
      key,
      uploadId,
      uploadPart: async (number, body) => {
        const query = { partNumber: String(number), uploadId }
        const response = await this.#client.send({ method: 'PUT', key, query, body, signal })
        await response.body?.cancel()
        return { etag: bareEtag(response.headers.get('etag')) }
      },
      // Without the signal: cleaning up is what is left to do when it has fired.
      abort: async () => {
        const response = await this.#client.send({
          method: 'DELETE',
          key,
          query: { uploadId },
          expect: [404],
        })
        await response.body?.cancel()
      },
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
    const response = await this.#client.send({
      method: 'POST',
      key,
      query: { uploadId },
      headers: { 'content-type': 'application/xml', ...headers },
      body: encoder.encode(`<CompleteMultipartUpload>${list.join('')}</CompleteMultipartUpload>`),
      signal,
    })
    const xml = await response.text()
    refuseErrorDocument(xml)
    return { etag: bareEtag(text(xml, 'ETag')), date: response.headers.get('date') }
  }

  async copyWhole(source: string, key: string, signal: AbortSignal | undefined): Promise<void> {
    const headers = { 'x-amz-copy-source': source, 'x-amz-metadata-directive': 'COPY' }
    refuseErrorDocument(await this.#client.sendForText({ method: 'PUT', key, headers, signal }))
  }

  /** Copies by ranges of one version of the source. */
  async copyParts(
    from: { readonly source: string; readonly size: number; readonly ifMatch: string },
    to: { readonly key: string; readonly headers: Readonly<Record<string, string>> },
    options: {
      readonly partBytes: number
      readonly signal: AbortSignal | undefined
      readonly log: Pick<Logger, 'warn'>
    },
  ): Promise<void> {
    const { partBytes, signal, log } = options
    const upload = await this.begin(to.key, to.headers, signal)
    try {
      const parts: S3Part[] = []
      for (let start = 0; start < from.size; start += partBytes) {
        const xml = await this.#client.sendForText({
          method: 'PUT',
          key: to.key,
          query: { partNumber: String(parts.length + 1), uploadId: upload.uploadId },
          headers: {
            'x-amz-copy-source': from.source,
            'x-amz-copy-source-if-match': from.ifMatch,
            'x-amz-copy-source-range': `bytes=${start}-${Math.min(from.size, start + partBytes) - 1}`,
          },
          signal,
        })
        refuseErrorDocument(xml)
        parts.push({ etag: bareEtag(required(xml, 'ETag')) })
      }
      await this.complete(upload, parts, {}, signal)
    } catch (error) {
      await upload.abort().catch((failure: unknown) => {
        log.warn(
          { err: failure },
          'a failed multipart copy could not be aborted; the store keeps its parts for now',
        )
      })
      throw error
    }
  }
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

const encoder = new TextEncoder()
