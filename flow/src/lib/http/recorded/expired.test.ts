import { createBlobStore } from '@flowport/capabilities'
import { memoryBlobDriver } from '@flowport/capabilities/memory'
import { ManualClock } from '@flowport/capabilities/testing'
import { expect, it } from 'vitest'
import { expiredAnswers } from './expired.ts'
import { folderOf, placeOf, segmentKey } from './place.ts'

const hour = 3_600_000

/** A store of `live` recordings, listed first, and `dead` ones that have expired. */
async function subject(live: number, dead: number, limits = {}) {
  const clock = new ManualClock()
  const store = createBlobStore(memoryBlobDriver({ clock, limits }))
  const now = clock.now()
  const put = (name: string, expiresAt: number) =>
    store.put(segmentKey(folderOf({ who: 'anonymous', name, expiresAt, id: 'i' }), 0), 'x')
  for (let n = 0; n < live; n++) await put(`a${String(n).padStart(4, '0')}`, now + hour)
  for (let n = 0; n < dead; n++) await put(`z${String(n).padStart(4, '0')}`, now - hour - 1)
  const keys = async () => {
    const found: string[] = []
    for await (const { key } of store.entries()) found.push(key)
    return found
  }
  return { store, now, keys }
}

it('goes on where the last sweep ended, so that many live answers do not hide those that have expired', async () => {
  const { store, now, keys } = await subject(250, 50, { maxListKeys: 10 })
  const expired = expiredAnswers()
  expect([await expired.delete(store, now), await expired.delete(store, now)]).toEqual([0, 0])
  expect(await expired.delete(store, now)).toBe(50)
  expect(await keys()).toHaveLength(250)
  // From the beginning again.
  expect(await expired.delete(store, now + 3 * hour)).toBe(100)
})

it('leaves alone what no recording has written, and what expired less than an hour ago', async () => {
  const { store, now, keys } = await subject(0, 0)
  const folder = folderOf({ who: 'w', name: 'n', expiresAt: now - hour, id: 'i' })
  const own = ['.flowport/answers/', '.flowport/answers/a', '.flowport/answers/a/b/c/d', 'own'].map(
    (key) => `${key}x`,
  )
  for (const key of [...own, segmentKey(folder, 0)]) await store.put(key, 'x')
  expect(await expiredAnswers().delete(store, now)).toBe(0)
  expect(await expiredAnswers().delete(store, now + 1)).toBe(1)
  expect(await keys()).toEqual(own.toSorted())
})

it('reads the place of a key back', () => {
  const place = { who: 'w', name: 'n', expiresAt: 1_900_000_000_000, id: 'a-b' }
  expect(placeOf(segmentKey(folderOf(place), 7))).toEqual(place)
})
