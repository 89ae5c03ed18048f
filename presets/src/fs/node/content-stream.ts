/** The content of an open file as a stream that reads at its consumer's pace and closes the file whatever happens. */
import fs from 'node:fs'
import { read } from './io.ts'
import { corrupt, unfilled } from './read.ts'
import { translateError } from './translate-error.ts'

/** Bytes read at a time. */
export const chunkBytes = 262_144

/** Bytes `[position, position + length)` of the file. The stream owns the descriptor from now on. */
export function contentStream(
  fd: number,
  position: number,
  length: number,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const file: OpenFile = { fd, isOpen: true, isReading: false }
  let at = position
  const end = position + length
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        const chunk = unfilled(Math.min(chunkBytes, end - at))
        file.isReading = true
        try {
          const bytes = await read(file.fd, chunk, at)
          file.isReading = false
          if (!file.isOpen) return closeNow(file)
          if (bytes !== chunk.length) throw corrupt('the file was cut while it was read')
          at += bytes
          controller.enqueue(chunk)
          if (at < end) return
          close(file)
          controller.close()
        } catch (error) {
          file.isReading = false
          close(file)
          controller.error(translateError(error))
        }
      },
      cancel: () => close(file),
    },
    // One chunk ahead, so that reading the next overlaps with consuming this one.
    { highWaterMark: 1 },
  )
  forgotten.register(stream, file, file)
  return stream
}

interface OpenFile {
  readonly fd: number
  isOpen: boolean
  isReading: boolean
}

/** Closes the files of streams that were dropped without being read to the end or cancelled. */
const forgotten = new FinalizationRegistry<OpenFile>((file) => close(file))

function close(file: OpenFile): void {
  if (!file.isOpen) return
  file.isOpen = false
  forgotten.unregister(file)
  // A read in flight would otherwise read from whatever file gets the number next; it closes when it returns.
  if (!file.isReading) closeNow(file)
}

function closeNow(file: OpenFile): void {
  fs.closeSync(file.fd)
}
