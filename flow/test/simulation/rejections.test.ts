import { execFile } from 'node:child_process'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const source = resolve(import.meta.dirname, '../../src')

/** A flow whose node leaves a rejection behind, simulated by a process of its own: here, vitest would take the rejection. */
const script = `
  import { flow, manual, node, opaque } from '${join(source, 'index.ts')}'
  import { simulate } from '${join(source, 'simulation.ts')}'
  const leaving = node('leaving', { input: opaque(), run: () => void Promise.reject(new Error('left behind')) })
  const one = flow('one', { trigger: manual({ input: opaque() }), graph: (input, step) => step(leaving, input) })
  const error = await simulate(one, { input: 1, count: () => 1, faults: ['none'], seeds: 1 }).catch((thrown) => thrown)
  console.log(error.failure?.violation)
`

describe('the oracles', () => {
  it('notice a rejection that nothing handles', async () => {
    const args = ['--input-type=module-typescript', '--eval', script]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    expect(stdout.trim()).toBe('unhandled rejection')
  })
})
