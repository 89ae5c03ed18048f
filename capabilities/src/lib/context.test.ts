import { describe, expect, it } from 'vitest'
import { bindResources, bindStream, currentResources, runWithResources } from './context.ts'
import { createKeyValue } from './kv/key-value.ts'
import { memoryKvDriver } from './memory/kv.ts'
import { ResourceBag } from './resource/bag.ts'

function bagNamed(provider: string) {
  const driver = memoryKvDriver()
  return ResourceBag.empty().with(
    'kv',
    createKeyValue(Object.assign(driver, { info: { ...driver.info, provider } })),
  )
}

const provider = () => currentResources().require('kv').info.provider
const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('currentResources', () => {
  it('says what to do outside of any run', () => {
    expect(() => currentResources()).toThrow(
      expect.objectContaining({
        kind: 'Misconfigured',
        message: expect.stringContaining('runWithResources'),
      }),
    )
  })

  it('finds the bag of its run, also after waiting, and of the innermost', async () => {
    const [a, b] = [bagNamed('a'), bagNamed('b')]
    expect(runWithResources(a, provider)).toBe('a')
    await runWithResources(a, async () => {
      await turn()
      expect(provider()).toBe('a')
      expect(runWithResources(b, provider)).toBe('b')
      expect(provider()).toBe('a')
    })
    expect(() => currentResources()).toThrow()
  })

  it('keeps a hundred runs at once apart', async () => {
    const found = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        runWithResources(bagNamed(String(i)), async () => {
          for (let wait = 0; wait < i % 5; wait++) await turn()
          return provider()
        }),
      ),
    )
    expect(found).toEqual(Array.from({ length: 100 }, (_, i) => String(i)))
  })

  it('does not outlive a run that throws', () => {
    const fail = () => {
      throw new Error('no')
    }
    expect(() => runWithResources(bagNamed('a'), fail)).toThrow('no')
    expect(() => currentResources()).toThrow('there are no current resources')
  })
})

describe('bindResources', () => {
  it('gives a callback the resources of where it was bound', async () => {
    const bound = runWithResources(bagNamed('a'), () => bindResources((text: string) => text + provider()))
    expect(bound('in ')).toBe('in a')
    expect(runWithResources(bagNamed('b'), () => bound('in '))).toBe('in a')
  })

  it('serves the source of a ReadableStream that is read outside of the run', async () => {
    const stream = runWithResources(bagNamed('a'), () => {
      let left = 3
      return new ReadableStream<string>(
        {
          pull: bindResources((controller: ReadableStreamDefaultController<string>) => {
            controller.enqueue(provider())
            if (--left === 0) controller.close()
          }),
        },
        { highWaterMark: 0 },
      )
    })
    const found: string[] = []
    for await (const chunk of runWithResources(bagNamed('b'), () => stream)) found.push(chunk)
    expect(found).toEqual(['a', 'a', 'a'])
  })

  it('refuses to bind where there is nothing', () => {
    expect(() => bindResources(() => 1)).toThrow(expect.objectContaining({ kind: 'Misconfigured' }))
  })
})

describe('bindStream', () => {
  async function* providers(times: number, ended: string[] = []) {
    try {
      for (let i = 0; i < times; i++) {
        await turn()
        yield provider()
      }
    } finally {
      ended.push(provider())
    }
  }

  it('runs every step in the run it was bound in, whoever reads', async () => {
    const [a, b] = ['a', 'b'].map((name) => runWithResources(bagNamed(name), () => bindStream(providers(3))))
    const found = await runWithResources(bagNamed('reader'), async () => {
      const seen: string[] = []
      const [left, right] = [a?.[Symbol.asyncIterator](), b?.[Symbol.asyncIterator]()]
      for (let i = 0; i < 3; i++) {
        for (const { value } of await Promise.all([left?.next(), right?.next()]).then((all) =>
          all.filter((one) => one !== undefined),
        )) {
          seen.push(String(value))
        }
        expect(provider()).toBe('reader')
      }
      return seen
    })
    expect(found).toEqual(['a', 'b', 'a', 'b', 'a', 'b'])
  })

  it('without it, a generator runs where it is read', async () => {
    const unbound = runWithResources(bagNamed('a'), () => providers(1))
    await expect(unbound.next()).rejects.toMatchObject({ kind: 'Misconfigured' })
  })

  it('also ends in its own run when the reader stops early', async () => {
    const ended: string[] = []
    const stream = runWithResources(bagNamed('a'), () => bindStream(providers(10, ended)))
    for await (const value of stream) {
      expect(value).toBe('a')
      break
    }
    expect(ended).toEqual(['a'])
  })

  it('takes a ReadableStream as well', async () => {
    const stream = runWithResources(bagNamed('a'), () =>
      bindStream(
        new ReadableStream<string>({
          pull(controller) {
            controller.enqueue(provider())
            controller.close()
          },
        }),
      ),
    )
    const found: string[] = []
    for await (const chunk of stream) found.push(chunk)
    expect(found).toEqual(['a'])
  })
})
