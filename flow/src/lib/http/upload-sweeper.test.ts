import { createBlobStore, ResourceBag, silentLogger } from '@flowport/capabilities'
import { memoryBlobDriver } from '@flowport/capabilities/memory'
import { ManualClock } from '@flowport/capabilities/testing'
import { describe, expect, it } from 'vitest'
import { hostFlows } from '../testing/host/flows.ts'
import { defineApp } from '../app.ts'
import { blobBody } from '../body.ts'
import { flow } from '../flow.ts'
import { opaque } from '../schema.ts'
import { http } from '../trigger.ts'
import { createUploadSweeper, type SweepOption } from './upload-sweeper.ts'

const hour = 3_600_000
const app = { ...defineApp({ flows: [], profiles: {} }), flows: hostFlows }

function subject(option?: SweepOption) {
  const clock = new ManualClock()
  const blob = createBlobStore(memoryBlobDriver({ clock }))
  const bag = ResourceBag.empty().with('blob', blob)
  const sweeper = createUploadSweeper({ app, bag, clock, log: silentLogger }, option)
  const keys = async () => {
    const found: string[] = []
    for await (const { key } of blob.entries()) found.push(key)
    return found
  }
  return { clock, blob, sweeper, keys }
}

describe('createUploadSweeper', () => {
  it('deletes uploads whose newest file is older than 24 hours, and nothing else', async () => {
    const { clock, blob, sweeper, keys } = subject()
    for (const key of ['old/0', 'old/1', 'slow/0']) await blob.put(`.flowport/uploads/${key}`, 'x')
    await blob.put('kept', 'x')
    await blob.put('.flowport/other', 'x')
    clock.jump(23 * hour)
    await blob.put('.flowport/uploads/slow/1', 'x')
    await blob.put('.flowport/uploads/young/0', 'x')
    await sweeper.sweep()
    expect(await keys()).toHaveLength(7)
    clock.jump(hour + 1)
    await sweeper.sweep()
    expect(await keys()).toEqual([
      '.flowport/other',
      '.flowport/uploads/slow/0',
      '.flowport/uploads/slow/1',
      '.flowport/uploads/young/0',
      'kept',
    ])
  })

  it('sweeps the stores of raw bodies whose key is made of their content, and of no other raw bodies', () => {
    const sweeperOf = (key: string) => {
      const trigger = http.put('/a/:id', { input: opaque<{ id: string }>(), body: blobBody('f', { key }) })
      const flows = [flow('f', { trigger, graph: (it) => it })]
      const bag = ResourceBag.empty()
      const parts = { app: { flows }, bag, clock: new ManualClock(), log: silentLogger }
      return createUploadSweeper(parts)
    }
    expect(sweeperOf('a/{file.sha256}').isNeeded).toBe(true)
    expect(sweeperOf('a/b').isNeeded).toBe(false)
  })

  it('goes by the time it is given', async () => {
    const { clock, blob, sweeper, keys } = subject({ sweepUploadsAfterMs: 60_000 })
    await blob.put('.flowport/uploads/a/0', 'x')
    clock.jump(60_001)
    await sweeper.sweep()
    expect(await keys()).toEqual([])
  })

  it('looks at 10 000 files at most, and takes the rest at the next sweep', async () => {
    const { clock, blob, sweeper, keys } = subject()
    for (let i = 0; i < 10_100; i++)
      await blob.put(`.flowport/uploads/${10_000 + Math.floor(i / 100)}/${i}`, '')
    clock.jump(25 * hour)
    await sweeper.sweep()
    expect(await keys()).toHaveLength(200)
    await sweeper.sweep()
    expect(await keys()).toEqual([])
  })

  it('is due at first, and again after an hour', async () => {
    const { clock, sweeper } = subject()
    await sweeper.sweepIfDue()
    expect(sweeper.sweepIfDue()).toBeUndefined()
    clock.jump(hour - 1)
    expect(sweeper.sweepIfDue()).toBeUndefined()
    clock.jump(1)
    await expect(sweeper.sweepIfDue()).resolves.toBeUndefined()
  })

  it('is not needed without flows that take forms or record answers', () => {
    const parts = { bag: ResourceBag.empty(), clock: new ManualClock(), log: silentLogger }
    const none = defineApp({ flows: [], profiles: {} })
    expect(createUploadSweeper({ ...parts, app: none }).isNeeded).toBe(false)
    const unrecorded = hostFlows.filter(({ trigger }) => trigger.idempotency === null)
    const forms = { ...app, flows: unrecorded }
    expect(createUploadSweeper({ ...parts, app: forms }, { sweepUploadsAfterMs: false }).isNeeded).toBe(false)
    expect(createUploadSweeper({ ...parts, app: forms }).isNeeded).toBe(true)
    // Answers expire whatever becomes of forms.
    expect(createUploadSweeper({ ...parts, app }, { sweepUploadsAfterMs: false }).isNeeded).toBe(true)
  })

  it('logs what goes wrong, and goes on', async () => {
    const warnings: unknown[] = []
    const log = { ...silentLogger, warn: (facts: unknown) => void warnings.push(facts) }
    const parts = { app, bag: ResourceBag.empty(), clock: new ManualClock(), log }
    await createUploadSweeper(parts).sweep()
    expect(warnings).toEqual([{ err: expect.any(Error) as unknown, store: 'blob' }])
  })

  it('refuses times that would reach uploads under way', () => {
    for (const sweepUploadsAfterMs of [0, -1, 59_999, Number.NaN, Infinity])
      expect(() => subject({ sweepUploadsAfterMs })).toThrow(
        /sweepUploadsAfterMs must be from 60000 to .+; false keeps the files/,
      )
  })
})
