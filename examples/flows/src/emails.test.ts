import { testApp } from '@flowport/flow/testing'
import { describe, expect, it } from 'vitest'
import app from './app.ts'
import { getEmail, postEmail, sendEmail } from './emails.ts'

const email = { id: 'a', to: 'ada@example.com', subject: 'Hello' }

describe('emails', () => {
  it.each(['local', 'workers'] as const)('are queued, then sent once, on profile %s', async (profile) => {
    await using test = await testApp(app, { profile })
    await test.invoke(postEmail, email)
    expect(await test.invoke(getEmail, { id: 'a' })).toMatchObject({ status: 'queued' })
    expect(await test.deliver(sendEmail)).toMatchObject([{ outcome: 'done', attempt: 1, body: email }])
    expect(await test.invoke(getEmail, { id: 'a' })).toEqual({
      id: 'a',
      status: 'sent',
      sentAt: '2030-01-01T00:00:00.000Z',
    })
    await test.clock.advance(60_000)
    expect(await test.deliver(sendEmail, email)).toMatchObject([{ outcome: 'done' }])
    expect(await test.invoke(getEmail, { id: 'a' })).toMatchObject({ sentAt: '2030-01-01T00:00:00.000Z' })
  })

  it('that do not fit go to the dead letters', async () => {
    await using test = await testApp(app)
    await test.resources.require('queue:emails').send({ id: 'b' })
    expect(await test.deliver(sendEmail)).toMatchObject([{ outcome: 'rejected', attempt: 1 }])
    expect(await test.resources.require('queue:emails').deadLetters()).toMatchObject([{ body: { id: 'b' } }])
  })
})
