/** One request of undici and its answer: a small body arrives with it, a larger one at its reader's pace. */
import { util, type Dispatcher } from 'undici'
import type { S3Answer, S3Headers } from '../transport.ts'

/** Bodies up to this are collected before the answer is handed out, which spares them a stream. */
const smallBytes = 65_536
/** Bytes of a larger body that may be waiting for its reader. */
const aheadBytes = 262_144

/** undici types the reason it is given as an `Error`, and hands on whatever it is. */
type Abort = (error?: Error) => void

/** Receives the events of a request from undici. The answer resolves with the headers, or together with a small body. */
export class PendingAnswer implements Dispatcher.DispatchHandlers {
  readonly answer: Promise<S3Answer>
  /** Whether the signal had fired before anything was sent. */
  readonly over: boolean
  readonly #method: string
  readonly #signal: AbortSignal | undefined
  readonly #onAbort: (() => void) | undefined
  #resolve: (answer: S3Answer) => void = () => undefined
  #reject: (error: unknown) => void = () => undefined
  #abort: Abort | undefined
  #headers: NodeHeaders | undefined
  #status = 0
  #small: Uint8Array<ArrayBuffer> | undefined
  #filled = 0
  #large: LargeBody | undefined

  constructor(method: string, signal: AbortSignal | undefined) {
    this.#method = method
    this.#signal = signal
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.over = signal?.aborted === true
    if (this.over) this.#reject(signal?.reason)
    else if (signal !== undefined) {
      this.#onAbort = () => this.#fail(signal.reason)
      signal.addEventListener('abort', this.#onAbort, { once: true })
    }
  }

  onConnect(abort: Abort): void {
    if (this.#signal?.aborted === true) abort(this.#signal.reason as Error)
    else this.#abort = abort
  }

  onHeaders(status: number, raw: Buffer[], resume: () => void): boolean {
    if (status < 200) return true
    this.#status = status
    this.#headers = new NodeHeaders(raw)
    const empty = this.#method === 'HEAD' || status === 204
    const length = empty ? 0 : Number(this.#headers.get('content-length') ?? Number.NaN)
    if (length <= smallBytes) this.#small = new Uint8Array(length)
    else {
      this.#large = new LargeBody(resume, (reason) => this.#fail(reason))
      this.#resolve(new NodeAnswer(status, this.#headers, this.#large))
    }
    return true
  }

  onData(chunk: Buffer): boolean {
    if (this.#large !== undefined) return this.#large.push(chunk)
    const room = this.#small as Uint8Array<ArrayBuffer>
    room.set(chunk, this.#filled)
    this.#filled += chunk.byteLength
    return true
  }

  onComplete(): void {
    this.#letGo()
    if (this.#large !== undefined) this.#large.end()
    else this.#resolveSmall(undefined)
  }

  onError(error: Error): void {
    this.#letGo()
    if (this.#large !== undefined) this.#large.fail(error)
    else if (this.#small !== undefined && this.#signal?.aborted !== true) this.#resolveSmall(error)
    else this.#reject(error)
  }

  /** Ends the request: the caller does not wait for undici to have noticed. */
  #fail(reason: unknown): void {
    this.#letGo()
    this.#abort?.(reason as Error)
    if (this.#large === undefined) this.#reject(reason)
    else this.#large.fail(reason)
  }

  #resolveSmall(failure: Error | undefined): void {
    const bytes = (this.#small as Uint8Array<ArrayBuffer>).subarray(0, this.#filled)
    this.#resolve(new NodeAnswer(this.#status, this.#headers as NodeHeaders, new SmallBody(bytes, failure)))
  }

  #letGo(): void {
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort)
  }
}

interface Body {
  bytes(): Promise<Uint8Array<ArrayBuffer>>
  stream(): ReadableStream<Uint8Array<ArrayBuffer>>
  cancel(): Promise<void>
}

class NodeAnswer implements S3Answer {
  readonly status: number
  readonly headers: S3Headers
  readonly bytes: Body['bytes']
  readonly text: S3Answer['text']
  readonly stream: Body['stream']
  readonly cancel: Body['cancel']

  constructor(status: number, headers: S3Headers, body: Body) {
    this.status = status
    this.headers = headers
    this.bytes = () => body.bytes()
    this.text = async () => decoder.decode(await body.bytes())
    this.stream = () => body.stream()
    this.cancel = () => body.cancel()
  }
}

const decoder = new TextDecoder()

/** Headers as they came, made readable when somebody asks. */
class NodeHeaders implements S3Headers {
  readonly #parsed: Record<string, string | string[]>

  constructor(raw: Buffer[]) {
    this.#parsed = util.parseHeaders(raw)
  }

  get(name: string): string | null {
    const value = this.#parsed[name]
    return value === undefined ? null : typeof value === 'string' ? value : value.join(', ')
  }

  *[Symbol.iterator](): Iterator<[string, string]> {
    for (const name of Object.keys(this.#parsed)) yield [name, this.get(name) ?? '']
  }
}

/** A body that is there, or what came of it before the connection failed. */
class SmallBody implements Body {
  readonly #bytes: Uint8Array<ArrayBuffer>
  readonly #failure: Error | undefined

  constructor(bytes: Uint8Array<ArrayBuffer>, failure: Error | undefined) {
    this.#bytes = bytes
    this.#failure = failure
  }

  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#failure === undefined ? Promise.resolve(this.#bytes) : Promise.reject(this.#failure)
  }

  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return new ReadableStream({
      start: (controller) => {
        if (this.#bytes.byteLength > 0) controller.enqueue(this.#bytes)
      },
      pull: (controller) => {
        if (this.#failure === undefined) controller.close()
        else controller.error(this.#failure)
      },
    })
  }

  async cancel(): Promise<void> {
    // Nothing to free.
  }
}

/** A body that is read from the connection no faster than it is taken. */
class LargeBody implements Body {
  readonly #stream: ReadableStream<Uint8Array<ArrayBuffer>>
  #controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined

  constructor(resume: () => void, abort: (reason: unknown) => void) {
    this.#stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: resume,
        cancel: (reason) => {
          this.#controller = undefined
          abort(reason ?? new Error('the body is not wanted any more'))
        },
      },
      { highWaterMark: aheadBytes, size: ({ byteLength }) => byteLength },
    )
  }

  /** Whether there is room for more. */
  push(chunk: Buffer): boolean {
    this.#controller?.enqueue(new Uint8Array(chunk.buffer as ArrayBuffer, chunk.byteOffset, chunk.byteLength))
    return (this.#controller?.desiredSize ?? 0) > 0
  }

  end(): void {
    this.#controller?.close()
    this.#controller = undefined
  }

  fail(error: unknown): void {
    this.#controller?.error(error)
    this.#controller = undefined
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return new Uint8Array(await new Response(this.#stream).arrayBuffer())
  }

  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#stream
  }

  cancel(): Promise<void> {
    return this.#stream.cancel()
  }
}
