import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createKeyValue, retry, silentLogger, timeout } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { kvConformance, ManualClock } from '@flowport/capabilities/testing'
import { operatorFactory } from './factory.node.ts'
import { opendalKvDriver } from './kv-driver.ts'
import { startLossyRedis } from '../../test/support/opendal-lossy-redis.ts'
import { tempDirectories } from '../../test/support/opendal-temp-directory.ts'

const directory = tempDirectories()
const program = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'redis-server'))
  .find((path) => existsSync(path))
if (program === undefined && process.env['FLOWPORT_TEST_REQUIRE'] === 'all') {
  throw new Error('redis-server is required: FLOWPORT_TEST_REQUIRE=all')
}
const port = program === undefined ? 0 : await started(program)
const lossy = await startLossyRedis(port)
afterAll(() => lossy.close())
let roots = 0

async function operatorOf(to = port) {
  roots += 1
  const endpoint = `redis://127.0.0.1:${to}`
  return operatorFactory({ scheme: 'redis', config: { endpoint, root: `/case-${roots}` } }).build()
}

const title =
  program === undefined ? 'redis-server is not installed (apt-get install redis-server)' : 'opendal redis'

describe.skipIf(program === undefined)(title, () => {
  for (const layered of [false, true]) {
    kvConformance(layered ? 'layered' : 'bare', {
      clock: 'manual',
      features: { list: false, metadata: true },
      loseAnswers: lossy.loseAnswers,
      async open({ clock }) {
        const driver = opendalKvDriver(await operatorOf(lossy.port), {
          scheme: 'redis',
          ttl: 'per_write',
          log: silentLogger,
          clock,
        })
        const layers = layered
          ? [retry({ clock: systemClock }), timeout({ timeoutMs: 60_000, clock: systemClock })]
          : []
        return { kv: createKeyValue(driver, { clock, layers }) }
      },
    })
  }

  it('says unknown of a write that Redis has done before the connection was reset', async () => {
    const operator = await operatorOf(lossy.port)
    const clock = new ManualClock()
    const driver = opendalKvDriver(operator, { scheme: 'redis', ttl: 'per_write', log: silentLogger, clock })
    const kv = createKeyValue(driver, { clock })
    await kv.put('key', 'old')
    const before = lossy.lost
    const error = lossy.loseAnswers(() => kv.put('key', 'new'))
    await expect(error).rejects.toMatchObject({ kind: 'Unavailable', applied: 'unknown' })
    expect(lossy.lost).toBeGreaterThan(before)
    expect(await kv.get('key')).toBe('new')
  })

  it('removes an entry long expired when it is read, as entries cannot be listed', async () => {
    const clock = new ManualClock()
    const operator = await operatorOf()
    const driver = opendalKvDriver(operator, { scheme: 'redis', ttl: 'per_write', log: silentLogger, clock })
    const kv = createKeyValue(driver, { clock })
    await kv.put('key', 'value', { ttlSeconds: 1 })
    await clock.advance(1000)
    expect(await kv.get('key')).toBeNull()
    await driver.close?.()
    expect(await operator.exists('key')).toBe(true)
    await clock.advance(60_000)
    expect(await kv.get('key')).toBeNull()
    await driver.close?.()
    expect(await operator.exists('key')).toBe(false)
    await expect(driver.sweep()).rejects.toMatchObject({ kind: 'Unsupported' })
  })
})

/** Starts a server that keeps nothing, and gives its port. */
async function started(path: string): Promise<number> {
  const port = await freePort()
  const options = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    directory(),
  ]
  const server = spawn(path, options, { stdio: 'ignore' })
  afterAll(() => {
    server.kill('SIGKILL')
  })
  for (let left = 200; ; left--) {
    const socket = connect(port, '127.0.0.1')
    const outcome = await Promise.race([
      once(socket, 'connect').then(() => 'open'),
      once(socket, 'error').then(
        () => 'closed',
        () => 'closed',
      ),
    ]).catch(() => 'closed')
    socket.destroy()
    if (outcome === 'open') return port
    if (left === 0) throw new Error('redis-server did not start')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
