import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const cli = join(root, 'host-node/src/cli.ts')
const app = join(root, 'examples/flows/src/app.ts')
const orders = join(root, 'examples/flows/src/simulations/post-order.ts')

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowport-simulate-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function simulated(...args: readonly string[]) {
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, [cli, '--app', app, 'simulate', ...args], {
    cwd: folder,
    env: { PATH },
  })
  child.stdin.end()
  const code = new Promise<number | null>((exited) => child.once('exit', exited))
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await code, stdout, stderr }
}

/** Writes a simulation of the example's order that counts two effects for every order. */
function writeDuplicating(file: string): void {
  const simulation = pathToFileURL(join(root, 'flow/src/simulation.ts')).href
  const flows = pathToFileURL(join(root, 'examples/flows/src/orders.ts')).href
  writeFileSync(
    file,
    `import { defineSimulation } from '${simulation}'
     import { postOrder } from '${flows}'
     export default defineSimulation(postOrder, { input: { orderId: 'o1', amountCents: 1 }, count: () => 2 })`,
  )
}

describe('flowport simulate', () => {
  it('prints how the schedules of each class ended', async () => {
    const { code, stdout, stderr } = await simulated('post-order', '--with', orders, '--seeds', '3')
    expect(stderr).toContain('crash: 3 schedules')
    expect(stdout).toMatch(/^post-order: \d+ schedules\nfaults .*\nnone +3 +0 +0 +100\.0 % +0\n/)
    expect(code).toBe(0)
  })

  it('prints one JSON document', async () => {
    const args = ['post-order', '--with', orders, '--seeds', '2', '--faults', 'crash,pause', '--json']
    const { code, stdout } = await simulated(...args)
    expect(JSON.parse(stdout)).toMatchObject({
      schemaVersion: 1,
      command: 'simulate',
      ok: true,
      flow: 'post-order',
      schedules: 4,
      classes: { crash: { schedules: 2, duplicates: 0 }, pause: { schedules: 2, duplicates: 0 } },
    })
    expect(code).toBe(0)
  })

  it('finds simulations/<flow>.ts, exits with 1 for a violation, and replays it', async () => {
    mkdirSync(join(folder, 'simulations'), { recursive: true })
    writeDuplicating(join(folder, 'simulations/post-order.ts'))
    const { code, stdout } = await simulated('post-order', '--seeds', '1')
    expect(stdout).toContain('violated: post-order: an effect was made more than once for one key')
    expect(code).toBe(1)
    const replay = /replay: '([^']+)'/.exec(stdout)?.[1] ?? ''
    const again = await simulated('post-order', '--replay', replay)
    const traceOf = (printed: string) => printed.split('\n').slice(2)
    expect(traceOf(again.stdout)).toEqual(traceOf(stdout))
  })

  it.each([
    [2, 'there is no flow "nothing"', ['nothing']],
    [2, 'seeds must be a whole number from 1 on', ['post-order', '--with', orders, '--seeds', '0']],
    [2, 'It must be a whole number', ['post-order', '--with', orders, '--seeds', 'many']],
    [2, 'there are no faults "earthquake"', ['post-order', '--with', orders, '--faults', 'earthquake']],
    [2, 'is not the replay text', ['post-order', '--with', orders, '--replay', 'x']],
    [3, 'no simulation of "echo" here', ['echo']],
    [3, 'exports no simulation of "echo"', ['echo', '--with', orders]],
  ] as const)('exits with %i and prints: %s', async (expected, message, args) => {
    const { code, stderr } = await simulated(...args)
    expect(stderr).toContain(message)
    expect(code).toBe(expected)
  })
})
