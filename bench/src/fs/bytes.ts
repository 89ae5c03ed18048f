/** Compares gets and puts of bytes of one size. */
import { type Candidate, compare } from '../harness.ts'
import { bounds, ours, type Stores } from './stores.ts'

const oursKv = 'Flowport fs kv'
const raw = 'node:fs, callbacks'
const promises = 'node:fs/promises'

export async function measureGet({ blob, kv, raw: rawFiles, promises: promiseFiles }: Stores, size: number) {
  const body = bytesOf(size, 1)
  for (const key of keys) {
    await blob.put(key, body)
    await kv.put(key, body)
    await rawFiles.put(key, body)
    await promiseFiles.put(key, body)
  }
  const kvGet: Candidate<string> = {
    name: oursKv,
    async run(times) {
      let bytes = none
      for (let i = 0; i < times; i++) bytes = (await kv.get(keyAt(i), { as: 'bytes' })) ?? none
      return tell(bytes)
    },
  }
  return compare<string>({
    ...bounds,
    reference: raw,
    expected: tell(body),
    candidates: [
      {
        name: ours,
        async run(times) {
          let bytes = none
          for (let i = 0; i < times; i++) bytes = (await (await blob.get(keyAt(i)))?.bytes()) ?? none
          return tell(bytes)
        },
      },
      ...(size === 1024 ? [kvGet] : []),
      {
        name: raw,
        async run(times) {
          let bytes: Uint8Array = none
          for (let i = 0; i < times; i++) bytes = await rawFiles.get(keyAt(i))
          return tell(bytes)
        },
      },
      {
        name: promises,
        async run(times) {
          let bytes: Uint8Array = none
          for (let i = 0; i < times; i++) bytes = await promiseFiles.get(keyAt(i))
          return tell(bytes)
        },
      },
    ],
  })
}

export function measurePut({ blob, kv, raw: rawFiles, promises: promiseFiles }: Stores, size: number) {
  const bodies = [1, 2, 3].map((first) => bytesOf(size, first))
  const bodyAt = (i: number) => bodies[i % bodies.length] as Uint8Array<ArrayBuffer>
  const kvPut: Candidate<boolean> = {
    name: oursKv,
    async run(times) {
      for (let i = 0; i < times; i++) await kv.put(keyAt(i), bodyAt(i))
      const last = await kv.get(keyAt(times - 1), { as: 'bytes' })
      return tell(last ?? none) === tell(bodyAt(times - 1))
    },
  }
  return compare<boolean>({
    ...bounds,
    reference: raw,
    expected: true,
    candidates: [
      {
        name: ours,
        async run(times) {
          for (let i = 0; i < times; i++) await blob.put(keyAt(i), bodyAt(i))
          const last = await (await blob.get(keyAt(times - 1)))?.bytes()
          return tell(last ?? none) === tell(bodyAt(times - 1))
        },
      },
      ...(size === 1024 ? [kvPut] : []),
      {
        name: raw,
        async run(times) {
          for (let i = 0; i < times; i++) await rawFiles.put(keyAt(i), bodyAt(i))
          return tell(await rawFiles.get(keyAt(times - 1))) === tell(bodyAt(times - 1))
        },
      },
      {
        name: promises,
        async run(times) {
          for (let i = 0; i < times; i++) await promiseFiles.put(keyAt(i), bodyAt(i))
          return tell(await promiseFiles.get(keyAt(times - 1))) === tell(bodyAt(times - 1))
        },
      },
    ],
  })
}

const none = new Uint8Array(0)

const keys = Array.from({ length: 20 }, (_, n) => `object-${n}`)
const keyAt = (i: number) => keys[i % keys.length] as string

function bytesOf(length: number, first: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = (i * 7 + first) & 0xff
  return bytes
}

/** Describes content by its length, first and last byte, which is enough to detect a wrong result. */
function tell(bytes: Uint8Array): string {
  return `${bytes.byteLength} bytes, ${bytes[0]}…${bytes.at(-1)}`
}
