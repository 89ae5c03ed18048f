/** The `flowport` command on an app with queues and schedules. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { tempFolder } from './support/temp-folder.ts'

const cli = join(import.meta.dirname, '../src/cli.ts')
const app = join(import.meta.dirname, 'support/delivery-default-app.ts')

async function flowport(
  folder: string,
  args: readonly string[],
): Promise<{ code: unknown; stdout: string; stderr: string }> {
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, [cli, '--app', app, ...args], {
    cwd: folder,
    env: { PATH, FLOWPORT_DATA_DIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const code = new Promise((resolve) => child.once('exit', resolve))
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await code, stdout, stderr }
}

describe('flowport, on queues and schedules', () => {
  it('run passes a message to a queue flow, and a time to a scheduled flow', async () => {
    const folder = tempFolder()
    expect(await flowport(folder, ['run', 'fulfil', '--input', '{"id":"a"}'])).toMatchObject({ code: 0 })
    expect(await flowport(folder, ['run', 'minutely'])).toMatchObject({ code: 0, stderr: '' })
    const at = '{"scheduledAt":"2030-01-01T00:00:00.000Z"}'
    expect(await flowport(folder, ['run', 'minutely', '--input', at])).toMatchObject({ code: 0 })
    const { stdout } = await flowport(folder, ['run', 'ticks'])
    expect(JSON.parse(stdout)).toEqual([
      expect.stringMatching(/^tick\/20\d\d-.*\/command$/),
      'tick/2030-01-01T00:00:00.000Z/command',
    ])
    const { code, stderr } = await flowport(folder, ['run', 'minutely', '--input', '{"scheduledAt":"soon"}'])
    expect([code, stderr]).toEqual([1, expect.stringContaining('/scheduledAt must be a date')])
  })

  it('inspect and graph show triggers', async () => {
    const folder = tempFolder()
    const { stdout } = await flowport(folder, ['inspect'])
    expect(stdout).toMatch(/^TRIGGER +ON +FLOW +SUMMARY$/m)
    expect(stdout).toMatch(/^queue +orders +fulfil/m)
    expect(stdout).toMatch(/^cron +\* \* \* \* \* +minutely/m)
    const json = JSON.parse((await flowport(folder, ['inspect', '--json'])).stdout) as { routes: unknown }
    expect(json.routes).toContainEqual(
      expect.objectContaining({ method: 'queue', path: 'orders', flow: 'fulfil' }),
    )
    expect((await flowport(folder, ['graph', 'fulfil'])).stdout).toContain('queue orders')
  })
})
