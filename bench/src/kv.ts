/** Compares the memory key-value store with its peers: get and put of text. */
import { createKeyValue, type KeyValue, ResourceBag } from '@flowport/capabilities'
import { memoryKvDriver } from '@flowport/capabilities/memory'
import Keyv from 'keyv'
import { createStorage } from 'unstorage'
import memoryDriver from 'unstorage/drivers/memory'
import { compare, type Measured, named } from './harness.ts'
import { digits } from './numbers.ts'
import { type Aim, comparisonTable, type Report } from './report.ts'

const limit = 'Map behind an async function'
const ours = 'Flowport memory'
const view = 'Flowport memory, as a node sees it'
const unstorage = 'unstorage memory'
const raw = 'unstorage memory, getItemRaw/setItemRaw'
const keyv = 'keyv memory'

export async function measure(): Promise<Report> {
  const sizes = [
    ['100 B', 100],
    ['1 KiB', 1024],
  ] as const
  const tables = []
  const aims: Aim[] = []
  for (const [label, bytes] of sizes) {
    for (const operation of ['get', 'put'] as const) {
      const measured = await (operation === 'get' ? measureGet(bytes) : measurePut(bytes))
      tables.push(comparisonTable(`${operation}, text of ${label}`, measured, { unit: 'ns' }))
      aims.push(aim(`${operation} ${label}`, measured, ours, 5))
      aims.push(aim(`${operation} ${label} through a node’s view`, measured, view, 3))
    }
  }
  return { tables, aims }
}

function aim(what: string, measured: readonly Measured[], candidate: string, least: number): Aim {
  const times = named(measured, unstorage).ratio / named(measured, candidate).ratio
  return {
    aim: `${what}: at least ${least} × unstorage`,
    measured: `${digits(times)} ×`,
    holds: times >= least,
  }
}

/**
 * A power of two, so that a mask selects a key. The number of values does not divide it, so that every put changes its key's
 * value.
 */
const keyCount = 1024
const keys = Array.from({ length: keyCount }, (_, n) => `notes/${n}`)
const keyAt = (i: number) => keys[i & (keyCount - 1)] as string

function texts(bytes: number): readonly string[] {
  return Array.from({ length: 67 }, (_, n) => `${n} `.padEnd(bytes, 'The quick brown fox. '))
}

function stores() {
  const map = new Map<string, string>()
  return {
    map,
    limit: {
      get: async (key: string) => map.get(key),
      put: async (key: string, value: string) => void map.set(key, value),
    },
    ours: createKeyValue(memoryKvDriver()),
    view: viewed(),
    unstorage: createStorage({ driver: memoryDriver() }),
    raw: createStorage({ driver: memoryDriver() }),
    keyv: new Keyv<string>(),
  }
}

/** Returns the store as a node gets it in a run with a deadline. */
function viewed(): KeyValue {
  const bag = ResourceBag.empty().with('kv', createKeyValue(memoryKvDriver()))
  const scope = { signal: new AbortController().signal, deadline: Date.now() + 600_000 }
  return bag.control('kv').view('write', scope) as KeyValue
}

async function measureGet(bytes: number) {
  const text = texts(bytes)[0] ?? ''
  const to = stores()
  for (const key of keys) {
    await to.limit.put(key, text)
    await to.ours.put(key, text)
    await to.view.put(key, text)
    await to.unstorage.setItem(key, text)
    await to.raw.setItemRaw(key, text)
    await to.keyv.set(key, text)
  }
  return compare<unknown>({
    reference: limit,
    expected: text,
    candidates: [
      {
        name: limit,
        async run(times) {
          let found: unknown
          for (let i = 0; i < times; i++) found = await to.limit.get(keyAt(i))
          return found
        },
      },
      {
        name: ours,
        async run(times) {
          let found: unknown
          for (let i = 0; i < times; i++) found = await to.ours.get(keyAt(i))
          return found
        },
      },
      {
        name: view,
        async run(times) {
          let found: unknown
          for (let i = 0; i < times; i++) found = await to.view.get(keyAt(i))
          return found
        },
      },
      {
        name: raw,
        async run(times) {
          let found: unknown
          for (let i = 0; i < times; i++) found = await to.raw.getItemRaw(keyAt(i))
          return found
        },
      },
      {
        name: unstorage,
        async run(times) {
          let found: unknown
          for (let i = 0; i < times; i++) found = await to.unstorage.getItem(keyAt(i))
          return found
        },
      },
      {
        name: keyv,
        async run(times) {
          let found: unknown
          for (let i = 0; i < times; i++) found = await to.keyv.get(keyAt(i))
          return found
        },
      },
    ],
  })
}

async function measurePut(bytes: number) {
  const values = texts(bytes)
  const to = stores()
  const textAt = (i: number) => values[i % values.length] as string
  /** Whether the store holds the last put. */
  const check = (found: unknown, times: number) => found === textAt(times - 1)
  return compare<boolean>({
    reference: limit,
    expected: true,
    candidates: [
      {
        name: limit,
        async run(times) {
          for (let i = 0; i < times; i++) await to.limit.put(keyAt(i), textAt(i))
          return check(await to.limit.get(keyAt(times - 1)), times)
        },
      },
      {
        name: ours,
        async run(times) {
          for (let i = 0; i < times; i++) await to.ours.put(keyAt(i), textAt(i))
          return check(await to.ours.get(keyAt(times - 1)), times)
        },
      },
      {
        name: view,
        async run(times) {
          for (let i = 0; i < times; i++) await to.view.put(keyAt(i), textAt(i))
          return check(await to.view.get(keyAt(times - 1)), times)
        },
      },
      {
        name: raw,
        async run(times) {
          for (let i = 0; i < times; i++) await to.raw.setItemRaw(keyAt(i), textAt(i))
          return check(await to.raw.getItemRaw(keyAt(times - 1)), times)
        },
      },
      {
        name: unstorage,
        async run(times) {
          for (let i = 0; i < times; i++) await to.unstorage.setItem(keyAt(i), textAt(i))
          return check(await to.unstorage.getItem(keyAt(times - 1)), times)
        },
      },
      {
        name: keyv,
        async run(times) {
          for (let i = 0; i < times; i++) await to.keyv.set(keyAt(i), textAt(i))
          return check(await to.keyv.get(keyAt(times - 1)), times)
        },
      },
    ],
  })
}
