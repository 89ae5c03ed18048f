import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { nodeAdvice } from './node-version.ts'

describe('nodeAdvice', () => {
  it.each(['20.19.0', '20.19.5', '20.20.1', '22.0.0', '24.21.0', '26.1.0-nightly'])(
    'returns null on Node %s',
    (version) => {
      expect(nodeAdvice(version)).toBeNull()
    },
  )

  it.each(['16.20.2', '18.20.4', '20.9.0', '20.18.3'])('names the required version on Node %s', (version) => {
    expect(nodeAdvice(version)).toBe(
      `Flowport needs Node 20.19.0 or newer, this is Node ${version}: install a newer one (https://nodejs.org)`,
    )
  })

  it.each(['capabilities', 'flow', 'presets', 'host-node', 'host-workers'])(
    'agrees with the engines of %s',
    (name) => {
      const file = new URL(`../../../${name}/package.json`, import.meta.url)
      const { engines } = JSON.parse(readFileSync(file, 'utf8')) as { engines: { node: string } }
      expect(engines.node).toMatch(/^>=[\d.]+$/)
      expect(nodeAdvice(engines.node.slice(2))).toBeNull()
      const [major = 0, minor = 0] = engines.node.slice(2).split('.').map(Number)
      expect(nodeAdvice(`${major}.${minor - 1}.0`)).not.toBeNull()
    },
  )
})
