import { CapabilityError } from '@flowport/capabilities'
import { describe, expect, it } from 'vitest'
import { problemBody, toProblem } from './problem.ts'

describe('the problem of a store’s error', () => {
  const where = '/srv/app-data'
  const details = {
    uri: `file://${where}/a.txt`,
    path: `${where}/a.txt`,
    windows: 'C:\\data\\a.txt',
    share: '\\\\host\\data',
    upper: `FILE://${where}`,
    nested: { list: [`${where}/b`, 'kept', { deep: `see file://${where}/c` }] },
    limit: 'maxKeyBytes',
    max: 512,
    remote: 's3://bucket/a.txt',
  }

  it('names no place on the server’s disk, in its details or its text', () => {
    const error = new CapabilityError('NotFound', `there is no file "file://${where}/a.txt"`, { details })
    const body = problemBody(toProblem(error), {})
    expect(JSON.stringify(body)).not.toMatch(/srv|C:|host|FILE/)
    expect(body).toMatchObject({
      status: 404,
      detail: 'there is no file "a file of the server"',
      details: {
        limit: 'maxKeyBytes',
        max: 512,
        remote: 's3://bucket/a.txt',
        nested: { list: ['kept', { deep: 'see a file of the server' }] },
      },
    })
  })

  it('has no details when none may be shown', () => {
    const error = new CapabilityError('NotFound', 'there is none', { details: { uri: `file://${where}/a` } })
    expect(problemBody(toProblem(error), {})).not.toHaveProperty('details')
  })

  it('survives details that contain themselves', () => {
    const circle: Record<string, unknown> = { a: 1 }
    circle['self'] = circle
    expect(() => toProblem(new CapabilityError('NotFound', 'x', { details: circle }))).not.toThrow()
  })
})
