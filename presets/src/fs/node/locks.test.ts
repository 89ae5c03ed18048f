import fs from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { tempDirectory } from '../../../test/support/temp-directory.ts'
import { openFsBlobDriver } from './blob-driver.ts'
import { Home } from './home.ts'
import { Locks, tagOf } from './locks.ts'

const clock = { now: () => Date.now() }
const plain = { contentType: null, metadata: {} }

/** A store, and another opener of its directory, as another process would be. Its time passes at will. */
function opened() {
  const directory = join(tempDirectory(), 'blobs')
  const blob = openFsBlobDriver({ directory, fsync: 'none', clock })
  let later = 0
  const home = Home.open(directory, { syncs: false, monotonic: () => performance.now() + later })
  return {
    blob,
    home,
    locks: new Locks(home),
    wait: (ms: number) => {
      later += ms
    },
    close: () => Promise.all([blob.close(), home.close()]),
  }
}

/** Whether the promise settles within a time that is long for what it would have to do. */
const settles = (promise: PromiseLike<unknown>) =>
  Promise.race([promise.then(() => true), sleep(100).then(() => false)])

describe('whoever holds an object', () => {
  it.each([
    ['a put', 'put'],
    ['a delete', 'delete'],
    ['a compare-and-swap', 'swap'],
  ])('keeps out %s of another process, until it lets go', async (_, kind) => {
    const { blob, locks, close } = opened()
    const { etag } = await blob.put('a/key', new Uint8Array(1), plain)
    let release: () => void = () => undefined
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const holding = locks.hold('a+/key', null, () => gate)
    await expect.poll(() => locks.isHeld('a+/key')).toBe(true)
    const options = kind === 'swap' ? { ...plain, ifMatch: etag } : plain
    const change = kind === 'delete' ? blob.delete('a/key') : blob.put('a/key', new Uint8Array(2), options)
    expect(await settles(change)).toBe(false)
    expect((await blob.head('a/key'))?.etag).toBe(etag)
    // Other keys are not concerned, also those whose names end alike.
    await blob.put('b/a/key', new Uint8Array(1), plain)
    release()
    await holding
    await change
    expect((await blob.head('a/key'))?.etag).not.toBe(etag)
    await close()
  })

  it('waits for a put that was announced before, and for no other', async () => {
    const { home, locks, close } = opened()
    const announced = home.newStaged(tagOf('a+/key'))
    fs.writeFileSync(announced, 'on its way')
    await locks.hold('key', null, () => locks.settle('key'))
    const settling = locks.hold('a+/key', null, () => locks.settle('a+/key'))
    expect(await settles(settling)).toBe(false)
    fs.rmSync(announced)
    await settling
    await close()
  })

  it('does not wait for an announced put that stays unpublished for 30 seconds', async () => {
    const { home, locks, wait, close } = opened()
    const announced = home.newStaged(tagOf('key'))
    fs.writeFileSync(announced, 'left behind')
    const settling = locks.hold('key', null, () => locks.settle('key'))
    expect(await settles(settling)).toBe(false)
    // Time passes until it has been seen, and seen unchanged.
    while (!(await settles(settling))) wait(30_000)
    // Its writer, should it go on after all, finds it gone.
    expect(fs.existsSync(announced)).toBe(false)
    await close()
  })

  it('is one at a time within a process too, in the order of asking', async () => {
    const { locks, close } = opened()
    const order: number[] = []
    let inside = 0
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        locks.hold('key', null, async () => {
          inside += 1
          expect(inside).toBe(1)
          await sleep(1)
          order.push(i)
          inside -= 1
        }),
      ),
    )
    expect(order).toEqual(Array.from({ length: 20 }, (_, i) => i))
    await close()
  })
})
