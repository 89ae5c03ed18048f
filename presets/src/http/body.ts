/** The bytes `[start, end)` of an object as a stream that takes up a broken connection where it ended. */
import { CapabilityError, isCapabilityError } from '@flowport/capabilities'
import { type Patience, SilenceGuard } from './silence.ts'
import { networkError } from './translate-error.ts'

/** Bytes of the object from `at` on. */
export interface Source {
  readonly at: number
  /** Whether it must end just at `end`; else what follows is not read. */
  readonly exact: boolean
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>
}

export interface BodyOptions extends Patience {
  readonly first: Source
  readonly start: number
  readonly end: number
  /** Opens the same version at `position`, or earlier; `null` where it cannot be told from another. */
  readonly reopen: ((position: number, signal: AbortSignal) => Promise<Source>) | null
  readonly onResume?: (position: number) => void
}

/** Most times in a row that the connection is taken up without a byte having come. */
const maxResumes = 3

export function bodyStream(options: BodyOptions): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { first, start, end, reopen, clock, idleTimeoutMs, onResume } = options
  const life = new AbortController()
  let { at, exact } = first
  let reader = first.body.getReader()
  let position = start
  let resumes = 0

  const guard = new SilenceGuard({ clock, idleTimeoutMs })
  const read = () => guard.read(reader)

  /** The next bytes that are wanted. Whatever comes before `position` is passed over. */
  async function next(): Promise<Uint8Array<ArrayBuffer>> {
    for (;;) {
      const { done, value } = await read()
      if (done)
        throw new CapabilityError(
          'Unavailable',
          `the server ended after ${at} of ${end} bytes; read it again`,
        )
      const skip = position - at
      at += value.byteLength
      if (at <= position) continue
      if (at < end) return value.subarray(skip)
      if (exact && (at > end || (await hasMore()))) {
        throw new CapabilityError('Corrupt', 'the server sent more bytes than it said it would')
      }
      return value.subarray(skip, skip + end - position)
    }
  }

  /** Whether anything follows the last byte. A connection that breaks there has broken too late to matter. */
  async function hasMore(): Promise<boolean> {
    for (;;) {
      const { done, value } = await read().catch(() => ({ done: true, value: undefined }))
      if (done || value === undefined) return false
      if (value.byteLength > 0) return true
    }
  }

  /** The connection broke at `position`: opens another, or rejects with what broke it. */
  async function resume(cause: unknown): Promise<void> {
    reader.cancel(cause).catch(() => undefined)
    const error = networkError(cause)
    for (;;) {
      if (reopen === null || resumes >= maxResumes || !isTemporary(error)) throw error
      resumes += 1
      onResume?.(position)
      // The first time at once, then after 200 and 400 milliseconds.
      if (resumes > 1) await clock.sleep(100 * 2 ** (resumes - 1), { signal: life.signal })
      try {
        const source = await reopen(position, life.signal)
        at = source.at
        exact = source.exact
        reader = source.body.getReader()
        return
      } catch (again) {
        if (!isTemporary(again)) throw again
      }
    }
  }

  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        for (;;) {
          try {
            const bytes = await next()
            resumes = 0
            position += bytes.byteLength
            controller.enqueue(bytes)
            break
          } catch (error) {
            if (life.signal.aborted) return
            await resume(error).catch((failure: unknown) => {
              guard.stop()
              throw failure
            })
          }
        }
        if (position < end) return
        guard.stop()
        // Where all of the object comes for a part of it, the rest is let go.
        reader.cancel().catch(() => undefined)
        controller.close()
      },
      async cancel(reason) {
        life.abort(reason)
        guard.stop()
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}

/** The body, with its errors told as the server's, and a bound to its silence. */
export function impatient(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  patience: Patience,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader()
  const guard = new SilenceGuard(patience)
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        try {
          const { done, value } = await guard.read(reader)
          if (!done) return controller.enqueue(value)
          guard.stop()
          controller.close()
        } catch (error) {
          guard.stop()
          reader.cancel(error).catch(() => undefined)
          controller.error(networkError(error))
        }
      },
      cancel(reason) {
        guard.stop()
        return reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}

function isTemporary(error: unknown): boolean {
  return isCapabilityError(error) && error.retryable === 'temporary'
}
