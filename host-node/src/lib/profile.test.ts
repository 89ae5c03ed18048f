import { silentLogger } from '@flowport/capabilities'
import { memory } from '@flowport/presets/memory'
import { defineApp, DiagnosticsError, UnknownProfileError } from '@flowport/flow'
import { describe, expect, it } from 'vitest'
import { chooseProfile, openProfile } from './profile.ts'
import { serve } from './serve.ts'

const app = defineApp({
  name: 'app',
  flows: [],
  secrets: ['API_KEY'],
  profiles: { local: [memory()], moon: [memory()] },
})

async function thrown(work: () => unknown): Promise<unknown> {
  try {
    return await work()
  } catch (error) {
    return error
  }
}

function problems(error: unknown): readonly string[] {
  return error instanceof DiagnosticsError
    ? error.diagnostics.map(({ code, message }) => `${code} ${message}`)
    : [String(error)]
}

describe('FLOWPORT_PROFILE', () => {
  it('names the profile, which defaults to "local"', () => {
    expect(chooseProfile(app, undefined, {})).toBe('local')
    expect(chooseProfile(app, undefined, { FLOWPORT_PROFILE: 'moon' })).toBe('moon')
    expect(chooseProfile(app, 'local', { FLOWPORT_PROFILE: 'moon' })).toBe('local')
  })

  it.each(['mars', '', ' ', 'toString', 'Local'])(
    '%j is reported together with all other faults',
    async (FLOWPORT_PROFILE) => {
      const error = await thrown(() => openProfile({ app, env: { FLOWPORT_PROFILE }, log: silentLogger }))
      expect(error).toBeInstanceOf(UnknownProfileError)
      expect(problems(error)).toEqual([
        'CAP103 API_KEY is missing (the app reads it as a secret)',
        'CAP103 FLOWPORT_PROFILE must be one of local, moon',
      ])
    },
  )

  it('is reported together with the variables of the server', async () => {
    const env = { FLOWPORT_PROFILE: 'mars', PORT: 'many', LOG_LEVEL: 'loud' }
    expect(problems(await thrown(() => serve(app, { env })))).toEqual([
      'CAP103 API_KEY is missing (the app reads it as a secret)',
      'CAP103 FLOWPORT_PROFILE must be one of local, moon',
      expect.stringContaining('CAP103 LOG_LEVEL must be one of'),
      'CAP103 PORT must be integer',
    ])
  })
})
