/** Runs in the page: does one kind of work with one candidate, checks the result, and returns the time. */
import { candidates, type Files } from './candidates.ts'

const mebibyte = 1024 ** 2
export const listed = 1000

/** The kinds of work. Each does its work one time and resolves to milliseconds per operation. */
const works: Readonly<Record<string, (files: Files, round: number) => Promise<number>>> = {
  'write 1 KiB': (files, round) => each(50, (i) => files.write(`small/${round}-${i}`, filled(1024, i))),
  'read 1 KiB': (files, round) =>
    each(50, async (i) => expectLength(await files.read(`small/${round}-${i}`), 1024, i)),
  'write 1 MiB': (files, round) => each(8, (i) => files.write(`large/${round}-${i}`, filled(mebibyte, i))),
  'read 1 MiB': (files, round) =>
    each(8, async (i) => expectLength(await files.read(`large/${round}-${i}`), mebibyte, i)),
  'write 64 MiB': (files, round) =>
    each(1, () => files.writeStream(`huge/${round}`, streamOf(64 * mebibyte))),
  'list 1,000': (files) =>
    each(1, async () => {
      const count = await files.list('many')
      if (count !== listed) throw new Error(`${count} files were listed`)
    }),
}

const opened = new Map<string, Promise<Files>>()

async function prepare(name: string): Promise<void> {
  const files = await open(name)
  for (let i = 0; i < listed; i++) await files.write(`many/${String(i).padStart(4, '0')}`, filled(16, i))
}

async function run(name: string, work: string, round: number): Promise<number> {
  const files = await open(name)
  const todo = works[work]
  if (todo === undefined) throw new Error(`there is no work "${work}"`)
  return todo(files, round)
}

function open(name: string): Promise<Files> {
  const make = candidates[name]
  if (make === undefined) throw new Error(`there is no candidate "${name}"`)
  const files = opened.get(name) ?? make()
  opened.set(name, files)
  return files
}

async function each(times: number, act: (i: number) => Promise<void>): Promise<number> {
  const start = performance.now()
  for (let i = 0; i < times; i++) await act(i)
  return (performance.now() - start) / times
}

function filled(length: number, i: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(length).fill(i % 251)
}

function expectLength(bytes: Uint8Array, length: number, i: number): void {
  if (bytes.byteLength !== length || bytes[length - 1] !== i % 251) throw new Error('other bytes were read')
}

function streamOf(length: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let left = length
  return new ReadableStream({
    pull(controller) {
      if (left === 0) return controller.close()
      left -= 256 * 1024
      controller.enqueue(new Uint8Array(256 * 1024))
    },
  })
}

Object.assign(globalThis, {
  bench: { candidates: Object.keys(candidates), works: Object.keys(works), prepare, run },
})
