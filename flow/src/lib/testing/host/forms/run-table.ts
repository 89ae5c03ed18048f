/** Sends the forms of the table to a host, whole or cut in two, and tells which had another outcome than they must have. */
import { formPrefix } from '../flows/forms.ts'
import { stagingPrefix } from '../../../http/staging.ts'
import type { FormCase } from './form-case.ts'
import { formTable } from './table.ts'

/** Sends a form's body, as its one or two chunks, to a path of the host. */
export type SendForm = (
  path: string,
  contentType: string,
  chunks: readonly Uint8Array<ArrayBuffer>[],
) => Promise<Response>

export interface RunFormTableOptions {
  readonly send: SendForm
  readonly get: (path: string) => Promise<Response>
  /** Cut every form at each of its bytes whose number is a multiple of this. Default `Infinity`: send forms whole. */
  readonly everyBytes?: number
}

/**
 * What went wrong, form by form; empty when all outcomes are as they must be and nothing is left in the store. Forms of more
 * than 2000 bytes are cut at 200 places.
 */
export async function runFormTable({
  send,
  get,
  everyBytes = Infinity,
}: RunFormTableOptions): Promise<readonly string[]> {
  const wrong: string[] = []
  let run = 0
  for (const form of formTable) {
    for (const cut of cutsOf(form, everyBytes)) {
      const chunks = [form.body.slice(0, cut), form.body.slice(cut)].filter(({ length }) => length > 0)
      const seen = await outcomeOf(await send(`/form-table/${run++}`, form.contentType, chunks))
      const wanted = JSON.stringify(form.outcome)
      if (seen !== wanted) wrong.push(`${form.name}, cut at ${cut}: ${seen}, not ${wanted}`)
    }
  }
  for (const prefix of [formPrefix, stagingPrefix]) {
    const left = await (await get(`/blobs?prefix=${encodeURIComponent(prefix)}`)).text()
    if (left !== '[]') wrong.push(`left in the store: ${left}`)
  }
  return wrong
}

function* cutsOf({ body: { length } }: FormCase, everyBytes: number): Generator<number, void, void> {
  yield 0
  const step = length > 2000 ? Math.max(everyBytes, Math.ceil(length / 200)) : everyBytes
  for (let cut = step; cut < length; cut += step) yield cut
}

async function outcomeOf(response: Response): Promise<string> {
  const { status } = response
  const answer = (await response.json()) as { code?: string; fields?: object; files?: object }
  const { code, fields, files } = answer
  return JSON.stringify(status === 201 ? { status, fields, files } : { status, code })
}

/** A request's body that hands out its chunks one by one, as a network may. */
export function inChunks(
  chunks: readonly Uint8Array<ArrayBuffer>[],
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const waiting = [...chunks]
  return new ReadableStream(
    {
      pull(controller) {
        const chunk = waiting.shift()
        if (chunk === undefined) controller.close()
        else controller.enqueue(chunk)
      },
    },
    { highWaterMark: 0 },
  )
}
