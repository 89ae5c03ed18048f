import { describe, expect, it } from 'vitest'
import {
  durableObject,
  isObjectNamespace,
  type Jurisdiction,
  type ObjectId,
  type ObjectNamespace,
  type StubOptions,
} from './addressing.ts'

interface FakeStub {
  readonly id: string
  readonly options: StubOptions | undefined
}

/** A namespace as deployed Workers have it, jurisdictions included, which workerd lacks. Ids tell how they were made. */
class FakeNamespace implements ObjectNamespace<FakeStub> {
  readonly #where: string
  #made = 0

  constructor(where = 'anywhere') {
    this.#where = where
  }

  idFromName(name: string): ObjectId {
    return { toString: () => `${this.#where}/name/${name}`, name }
  }

  idFromString(id: string): ObjectId {
    if (!id.startsWith(`${this.#where}/`)) throw new TypeError('Durable Object ID is not valid')
    return { toString: () => id }
  }

  newUniqueId(): ObjectId {
    this.#made += 1
    const id = `${this.#where}/unique/${this.#made}`
    return { toString: () => id }
  }

  get(id: ObjectId, options?: StubOptions): FakeStub {
    return { id: id.toString(), options }
  }

  getByName(name: string, options?: StubOptions): FakeStub {
    return this.get(this.idFromName(name), options)
  }

  jurisdiction(jurisdiction: Jurisdiction): FakeNamespace {
    return new FakeNamespace(jurisdiction)
  }
}

const namespace = new FakeNamespace()

describe('durableObject', () => {
  it('addresses by name, by id, or as a new object', () => {
    expect(durableObject(namespace, { name: 'a' }).id).toBe('anywhere/name/a')
    expect(durableObject(namespace, { id: 'anywhere/unique/9' }).id).toBe('anywhere/unique/9')
    expect(durableObject(namespace, { unique: true }).id).not.toBe(
      durableObject(namespace, { unique: true }).id,
    )
  })

  it('addresses in the jurisdiction asked for, each way', () => {
    const jurisdiction = 'eu'
    expect(durableObject(namespace, { name: 'a', jurisdiction }).id).toBe('eu/name/a')
    expect(durableObject(namespace, { id: 'eu/unique/9', jurisdiction }).id).toBe('eu/unique/9')
    expect(durableObject(namespace, { unique: true, jurisdiction }).id).toBe('eu/unique/1')
  })

  it('an id of another jurisdiction is InvalidInput', () => {
    expect(() => durableObject(namespace, { id: 'anywhere/unique/9', jurisdiction: 'us' })).toThrow(
      expect.objectContaining({ kind: 'InvalidInput', cause: expect.any(TypeError) }),
    )
  })

  it('hands on location hint and retry, and nothing that was not given', () => {
    const { options } = durableObject(namespace, {
      name: 'a',
      locationHint: 'apac',
      retry: { maxRetries: 0 },
    })
    expect(options).toEqual({ locationHint: 'apac', retry: { maxRetries: 0 } })
    expect(durableObject(namespace, { name: 'a' }).options).toEqual({})
  })
})

describe('isObjectNamespace', () => {
  it('knows a namespace, and no other binding', () => {
    expect(isObjectNamespace(namespace)).toBe(true)
    const kvNamespace = { get: () => null, put: () => null }
    for (const other of [undefined, null, 'LEDGER', {}, kvNamespace, { idFromName: 1, get: 1 }]) {
      expect(isObjectNamespace(other)).toBe(false)
    }
  })
})
