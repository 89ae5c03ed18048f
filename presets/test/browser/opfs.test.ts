import { describe, expect, it } from 'vitest'

describe('the browser', () => {
  it('keeps files of its own', async () => {
    const root = await navigator.storage.getDirectory()
    const file = await root.getFileHandle('x', { create: true })
    const w = await file.createWritable()
    await w.write('hi')
    await w.close()
    expect(await (await file.getFile()).text()).toBe('hi')
  })
})
