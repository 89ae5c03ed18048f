import { testApp } from '@flowport/flow/testing'
import { describe, expect, it } from 'vitest'
import app from './app.ts'
import { getHeartbeat, heartbeat } from './heartbeat.ts'

describe('heartbeat', () => {
  it('marks the moment it was due', async () => {
    await using test = await testApp(app)
    expect(await test.tick(heartbeat)).toMatchObject([{ ok: true }])
    expect(await test.invoke(getHeartbeat, {})).toEqual({
      last: { scheduledAt: '2030-01-01T00:05:00.000Z', cron: '*/5 * * * *' },
    })
  })

  it('runs every fifth minute', async () => {
    await using test = await testApp(app)
    const runs = await test.tick(new Date('2030-01-01T01:00:00Z'))
    expect(runs.filter(({ flow }) => flow === 'heartbeat')).toHaveLength(12)
  })
})
