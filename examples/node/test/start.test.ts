import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { ask, spawnExample, startExample } from './support/example-server.ts'

/** Runs the example until it exits. Resolves to its exit code and its standard error. */
async function failing(env: Readonly<Record<string, string>>): Promise<{ code: number; stderr: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'flowport-start-'))
  const child = spawnExample({ PORT: '0', FLOWPORT_DATA_DIR: folder, ...env })
  const said = child.stderr === null ? Promise.resolve('') : text(child.stderr)
  const [code] = (await once(child, 'exit')) as [number]
  rmSync(folder, { recursive: true, force: true })
  return { code, stderr: await said }
}

describe('starting', () => {
  it('prints its address, routes, profile, bindings and their guarantees', async () => {
    const server = await startExample()
    try {
      expect(server.banner).toMatch(/on http:\/\/127\.0\.0\.1:\d+, profile local/)
      expect(server.banner).toMatch(/POST +\/echo +Normalises/)
      expect(server.banner).toMatch(/kv +sqlite +consistency strong, durability durable, ttl per_write/)
      expect(server.banner).toMatch(/dedupe +sqlite +.*reservation atomic/)
      expect(server.banner).toMatch(/blob +fs +consistency strong, durability durable/)
      expect((await ask(`${server.url}/readyz`)).status).toBe(200)
    } finally {
      await server.stop()
    }
  })

  it('refuses an unknown profile and names the existing ones', async () => {
    const { code, stderr } = await failing({ FLOWPORT_PROFILE: 'moon' })
    expect(code).toBe(1)
    expect(stderr).toMatch(/there is no profile "moon": set FLOWPORT_PROFILE to one of: local/)
  })

  it('refuses malformed variables', async () => {
    const { code, stderr } = await failing({ PORT: 'many', LOG_LEVEL: 'loud' })
    expect(code).toBe(1)
    expect(stderr).toMatch(/PORT must be integer/)
    expect(stderr).toMatch(/LOG_LEVEL must be one of trace/)
    expect(stderr).not.toContain('many')
  })

  it('reports a port that is in use', async () => {
    const server = await startExample()
    try {
      const { code, stderr } = await failing({ PORT: new URL(server.url).port })
      expect(code).toBe(1)
      expect(stderr).toMatch(/EADDRINUSE/)
    } finally {
      await server.stop()
    }
  })

  it('on SIGTERM ends running requests and exits with 0', async () => {
    const server = await startExample()
    const stream = await fetch(`${server.url}/sites/x/status?intervalMs=50`)
    const ended = server.kill('SIGTERM')
    expect(await stream.text()).toContain('event: update_5')
    expect(await ended).toBe(0)
    await server.stop()
  })
})
