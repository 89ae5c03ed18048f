import * as Type from 'typebox'
import { describe, expect, it } from 'vitest'
import { domains } from '../guarantees/domains.ts'
import type { PlainCapabilityInfo } from '../guarantees/info.ts'
import { silentLogger } from '../logger.ts'
import { memorySecretsDriver } from '../memory/secrets.ts'
import { openProviders } from '../resource/open-providers.ts'
import { createSecrets } from '../secrets/secrets.ts'
import { systemClock } from '../system/clock.ts'
import { definePreset } from './preset.ts'

const info: PlainCapabilityInfo = { provider: 'test', extensions: {} }
const env = Type.Object({})
const common = { name: 'test', env, layers: () => [], open: () => ({}) }

function secretsOf(values: Readonly<Record<string, string>>) {
  return definePreset({
    ...common,
    provides: { secrets: info },
    portable: { secrets: createSecrets },
    open: () => ({ secrets: memorySecretsDriver(values) }),
  })()
}

describe('a preset', () => {
  it('provides any domain but the clock and randomness of the host, and is refused those where it is declared', () => {
    for (const domain of domains) {
      const declare = () => definePreset({ ...common, provides: { [domain]: info } as never })()
      if (domain === 'clock' || domain === 'rng')
        expect(declare).toThrow(`preset "test" cannot provide "${domain}"`)
      else expect(declare().hints.length, domain).toBeGreaterThan(0)
    }
    expect(() =>
      definePreset({
        ...common,
        // @ts-expect-error no preset provides the clock
        provides: { secrets: info, clock: info },
      }),
    ).toThrow(TypeError)
  })

  it('that provides secrets takes the place of the host’s', async () => {
    const host = createSecrets(memorySecretsDriver({ KEY: 'host' }))
    const others = new Map([['secrets', host]] as const)
    const context = { env: {}, log: silentLogger, bindings: {} }
    const bag = await openProviders([secretsOf({ KEY: 'preset' })], { clock: systemClock, others }, context)
    expect((await bag.require('secrets').get('KEY')).reveal()).toBe('preset')
    await bag.close()
    const plain = await openProviders([], { clock: systemClock, others }, context)
    expect((await plain.require('secrets').get('KEY')).reveal()).toBe('host')
    await plain.close()
  })
})
