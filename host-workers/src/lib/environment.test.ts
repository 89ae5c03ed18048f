import * as Type from 'typebox'
import { describe, expect, it } from 'vitest'
import { readVariables } from './environment.ts'

const provider = {
  env: Type.Object({
    URL_OF: Type.String({ minLength: 8 }),
    PORT_OF: Type.Integer({ minimum: 1, maximum: 65_535 }),
    RATIO: Type.Optional(Type.Number()),
    FLAG: Type.Optional(Type.Boolean()),
    MODE: Type.Optional(Type.Enum(['a', 'b'])),
    NAME: Type.String({ default: 'none', pattern: '^[a-z]+$' }),
  }),
}

describe('the variables of a Worker', () => {
  it('are parsed from text, with defaults; an empty one counts as unset', () => {
    const env = {
      URL_OF: 'https://x.test',
      PORT_OF: '80',
      RATIO: '0.5',
      FLAG: 'true',
      MODE: 'b',
      NAME: '',
      OTHER: {},
    }
    expect(readVariables(env, [provider])).toEqual({
      values: { URL_OF: 'https://x.test', PORT_OF: 80, RATIO: 0.5, FLAG: true, MODE: 'b', NAME: 'none' },
      faults: [],
    })
  })

  it('are all reported when invalid, by name and never by value', () => {
    const env = {
      URL_OF: 'hunter2',
      PORT_OF: '70000',
      RATIO: 'hunter3',
      FLAG: 'hunter4',
      MODE: 'hunter5',
      NAME: 'HUNTER6',
    }
    const { faults } = readVariables(env, [provider])
    expect(JSON.stringify(faults)).not.toMatch(/hunter/i)
    expect([...new Set(faults.map(({ variable }) => variable))].toSorted()).toEqual(
      Object.keys(env).toSorted(),
    )
    expect(faults).toContainEqual({ variable: 'PORT_OF', problem: 'must be <= 65535' })
    expect(faults).toContainEqual({ variable: 'MODE', problem: 'must be one of a, b' })
  })

  it('are all reported when missing', () => {
    expect(readVariables({}, [provider]).faults).toEqual([
      { variable: 'URL_OF', problem: 'is missing' },
      { variable: 'PORT_OF', problem: 'is missing' },
    ])
  })
})
