/** `flowport certify` with payload and observer from the command line, and its errors. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCommand } from './program.ts'

const app = resolve(import.meta.dirname, '../../../test/support/certify/app.ts')
const folder = mkdtempSync(join(tmpdir(), 'flowport-certify-'))
const file = join(folder, 'effects')

/** An HTTP server that counts the lines of the effects file. */
let observer: Server
let counts: string
beforeAll(async () => {
  observer = createServer((request, response) => {
    const [, key = ''] = /^\/effects\/([^/]+)$/.exec(request.url ?? '') ?? []
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
    const made = lines.filter((line) => line.startsWith(`${key} `)).length
    response.end(JSON.stringify({ made: { never: made } }))
  })
  await new Promise<void>((listening) => observer.listen(0, '127.0.0.1', listening))
  counts = `http://127.0.0.1:${(observer.address() as AddressInfo).port}/effects/{key}`
})
afterAll(() => {
  observer.close()
  rmSync(folder, { recursive: true, force: true })
})

async function certify(...args: readonly string[]) {
  const said = { stdout: '', stderr: '' }
  const to = (name: keyof typeof said) =>
    new Writable({
      decodeStrings: false,
      write(text: string, _encoding, done) {
        said[name] += text
        done()
      },
    })
  const env = { ...process.env, FLOWPORT_DATA_DIR: folder, EFFECTS_FILE: file }
  const host = { stdout: to('stdout'), stderr: to('stderr'), stdin: process.stdin, env, cwd: () => folder }
  const code = await runCommand(['--app', app, 'certify', ...args], host)
  return { code, ...said }
}

describe('flowport certify', () => {
  const line = ['once', '--effects', '--input', '{"id":"{key}"}', '--faults', 'repeat']

  it('reads payload and observer from the command line, and writes the report', async () => {
    const report = join(folder, 'report.json')
    const { code, stdout } = await certify(
      ...line,
      '--count',
      `${counts}#/made`,
      '--json',
      '--report',
      report,
    )
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, vectors: [{ effects: { never: [1] } }] })
    expect(readFileSync(report, 'utf8')).toBe(stdout)
    expect(code).toBe(0)
  })

  it('certifies nothing without an observer', async () => {
    const { code, stdout } = await certify(...line)
    expect(stdout).toContain('never: not observed (derived: once, unknown is said)\nnot certified\n')
    expect(code).toBe(1)
  })

  it('fails for a warning when it is strict', async () => {
    const args = ['stamping', '--effects', '--input', '{"id":"{key}"}', '--faults', 'determinism']
    const { code, stdout } = await certify(...args, '--strict')
    expect(stdout).toContain('warning[DET310] stamping / stamp:')
    expect(stdout).toContain('its output at /times/1/at differs')
    expect(code).toBe(1)
  })

  it('makes no effect without --effects, and describes what it would do', async () => {
    const { code, stderr } = await certify('once', '--input', '{"id":"{key}"}', '--attempts', '3')
    expect(stderr).toContain('makes the effects of "once" for real, on the stores of profile "local"')
    expect(stderr).toContain('64 times concurrently, in 3 rounds')
    expect(stderr).toContain('Add --effects')
    expect(code).toBe(2)
  })

  it.each([
    [2, 'there is no flow "nothing"', ['nothing']],
    [2, 'there is no profile "none"', ['once', '--profile', 'none']],
    [2, 'there is no fault "quake"', ['once', '--input', '"{key}"', '--faults', 'quake']],
    [2, '--input has no {key}', ['once', '--input', '{}']],
    [2, '--input is not JSON', ['once', '--input', '{"id":']],
    [2, '--count must be a URL', ['once', '--input', '"{key}"', '--count', 'x']],
    [2, 'attempts must be a whole number from 1', ['once', '--input', '"{key}"', '--attempts', '0']],
    [3, 'no certification of "once" here', ['once']],
    [3, 'exports no certification of "once"', ['once', '--with', app]],
  ] as const)('exits with %i and prints: %s', async (expected, message, args) => {
    const { code, stderr } = await certify(...args, '--effects')
    expect(stderr).toContain(message)
    expect(code).toBe(expected)
  })
})
