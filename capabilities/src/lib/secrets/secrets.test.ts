import { format, inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { memorySecretsDriver } from '../memory/secrets.ts'
import { createSecrets } from './secrets.ts'
import { envSecretsDriver } from './env-secrets.ts'

const secrets = createSecrets(memorySecretsDriver({ API_KEY: 'hunter2' }))

describe('createSecrets', () => {
  it('reveals the value only when asked to', async () => {
    const secret = await secrets.get('API_KEY')
    expect(secret.name).toBe('API_KEY')
    expect(secret.reveal()).toBe('hunter2')
  })

  it('prints as its name, however it is printed', async () => {
    const secret = await secrets.get('API_KEY')
    const shown = [
      String(secret),
      `${secret}`,
      secret.toString(),
      JSON.stringify({ secret, list: [secret] }),
      inspect(secret, { showHidden: true, depth: 10 }),
      inspect({ nested: { secret } }),
      format('%s %o %j', secret, secret, secret),
      JSON.stringify(Object.entries(secret)),
      JSON.stringify(structuredClone({ ...secret })),
    ]
    for (const text of shown) expect(text).not.toContain('hunter2')
    expect(shown.slice(0, 4)).toEqual([
      '[secret API_KEY]',
      '[secret API_KEY]',
      '[secret API_KEY]',
      '{"secret":"[secret API_KEY]","list":["[secret API_KEY]"]}',
    ])
    expect(inspect(secret)).toBe('[secret API_KEY]')
  })

  it('says NotFound with the name when there is none', async () => {
    await expect(secrets.get('OTHER')).rejects.toMatchObject({
      kind: 'NotFound',
      key: 'OTHER',
      capability: 'secrets',
    })
    for (const name of ['__proto__', 'constructor', 'toString']) {
      await expect(secrets.get(name)).rejects.toMatchObject({ kind: 'NotFound' })
    }
  })

  it('shows no value in what can be inspected of it', () => {
    expect(inspect(secrets, { showHidden: true, depth: 10 })).not.toContain('hunter2')
    expect(JSON.stringify(secrets)).not.toContain('hunter2')
  })
})

describe('envSecretsDriver', () => {
  it('reads the listed variables only, as they are now', async () => {
    const env: Record<string, string | undefined> = { A: '1', B: '2' }
    const fromEnv = createSecrets(envSecretsDriver(env, ['A', 'C', '__proto__']))
    expect((await fromEnv.get('A')).reveal()).toBe('1')
    env['A'] = 'rotated'
    expect((await fromEnv.get('A')).reveal()).toBe('rotated')
    for (const name of ['B', 'C', '__proto__'])
      await expect(fromEnv.get(name)).rejects.toMatchObject({ kind: 'NotFound' })
  })

  it('takes bindings that are not text for absent', async () => {
    const env = { KV: { get: () => 1 } } as unknown as Record<string, string>
    await expect(createSecrets(envSecretsDriver(env, ['KV'])).get('KV')).rejects.toMatchObject({
      kind: 'NotFound',
    })
  })
})
