import { testApp } from '@flowport/flow/testing'
import { describe, expect, expectTypeOf, it } from 'vitest'
import app from './app.ts'
import { deleteNote, getNote, listNotes, putNote } from './notes.ts'

const profiles = ['local', 's3', 'workers', 'browser'] as const

describe('notes', () => {
  it.each(profiles)('are written, read, listed and deleted on profile %s', async (profile) => {
    await using test = await testApp(app, { profile })
    const note = await test.invoke(putNote, { id: 'a', text: 'hello' })
    expectTypeOf(note).toEqualTypeOf<{ id: string; text: string }>()
    expect(await test.invoke(getNote, { id: 'a' })).toEqual({ id: 'a', text: 'hello' })
    expect((await test.invoke(listNotes, { prefix: '' })).keys).toMatchObject([{ key: 'a' }])
    await test.invoke(deleteNote, { id: 'a' })
    expect((await test.fetch('/notes/a')).status).toBe(404)
  })

  it('answer over HTTP', async () => {
    await using test = await testApp(app)
    const headers = { 'content-type': 'application/json' }
    const put = await test.fetch('/notes/a%2Fb', { method: 'PUT', headers, body: '{"text":"hello"}' })
    expect([put.status, await put.json()]).toEqual([200, { id: 'a/b', text: 'hello' }])
    const bad = await test.fetch('/notes/a', { method: 'PUT', headers, body: '{"text":1}' })
    expect([bad.status, await bad.json()]).toMatchObject([422, { code: 'INVALID_INPUT' }])
    expect(test.called.map(({ operation, key }) => `${operation} ${key}`)).toEqual(['put notes/a/b'])
  })
})
