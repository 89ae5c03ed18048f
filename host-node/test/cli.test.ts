import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const cli = resolve(import.meta.dirname, '../src/cli.ts')
const app = resolve(import.meta.dirname, '../../examples/flows/src/app.ts')

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'flowport-cli-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the command as a user would: with piped output, in a separate folder. */
async function flowport(
  args: readonly string[],
  { stdin = '', env = {} }: { stdin?: string; env?: Record<string, string> } = {},
): Promise<Outcome> {
  const { PATH = '' } = process.env
  const child = spawn(process.execPath, [cli, ...args], {
    cwd: folder,
    env: { PATH, FLOWPORT_DATA_DIR: join(folder, 'data'), ...env },
  })
  child.stdin.end(stdin)
  const code = new Promise<number | null>((exited) => child.once('exit', exited))
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: await code, stdout, stderr }
}

const onApp = (args: readonly string[], options?: Parameters<typeof flowport>[1]) =>
  flowport(['--app', app, ...args], options)

describe('flowport check', () => {
  it('reports no findings for the example app, even with --strict', async () => {
    const { code, stdout } = await onApp(['check', '--strict'])
    expect(stdout).toMatch(/\d+ flows checked against .*local.*: 0 errors, 0 warnings/)
    expect(code).toBe(0)
  })

  it('prints one JSON document', async () => {
    const { stdout, stderr } = await onApp(['check', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({
      schemaVersion: 1,
      command: 'check',
      ok: true,
      diagnostics: [],
    })
    expect(stderr).toBe('')
  })

  it('checks a profile’s variables, including those that presets need together', async () => {
    const bucket = join(folder, 'bucket.ts')
    const names = ['@flowport/flow', '@flowport/presets/s3'].map((name) =>
      JSON.stringify(import.meta.resolve(name)),
    )
    writeFileSync(
      bucket,
      `import { defineApp } from ${names[0]}\nimport { s3 } from ${names[1]}
export default defineApp({ flows: [], profiles: { local: [s3()] }, secrets: ['PAY_KEY'] })\n`,
    )
    const missing = await flowport(['--app', bucket, 'check', '--profile', 'local'], {
      env: { S3_BUCKET: 'b' },
    })
    expect(missing.code).toBe(1)
    expect(missing.stdout).toContain('PAY_KEY is missing')
    expect(missing.stdout).toContain('preset "s3": region (S3_REGION), accessKeyId (S3_ACCESS_KEY_ID)')
    const env = {
      S3_BUCKET: 'b',
      S3_REGION: 'r',
      S3_ACCESS_KEY_ID: 'k',
      S3_SECRET_ACCESS_KEY: 's',
      PAY_KEY: 'p',
    }
    expect(await flowport(['--app', bucket, 'check', '--profile', 'local'], { env })).toMatchObject({
      code: 0,
    })
  })

  it('exits even if the app’s module keeps something running', async () => {
    const open = join(folder, 'open.ts')
    writeFileSync(
      open,
      `setInterval(() => undefined, 1000)\nexport { default } from ${JSON.stringify(app)}\n`,
    )
    const { code, stdout } = await flowport(['--app', open, 'check'])
    expect([code, stdout]).toEqual([0, expect.stringContaining('0 errors')])
  })

  it('reports no findings for forms, files and streams on memory with their default limits', async () => {
    const fresh = join(folder, 'fresh-app.ts')
    const from = (name: string) => JSON.stringify(import.meta.resolve(name))
    writeFileSync(
      fresh,
      `import { blobBody, defineApp, flow, http, multipartBody, node, opaque, streamBody } from ${from('@flowport/flow')}
       import { memory } from ${from('@flowport/presets/memory')}
       const it = (value) => value
       const input = opaque()
       const drop = node('drop', { input, run: () => null })
       const form = flow('form', { trigger: http.post('/form', { input, body: multipartBody('files', { key: ({ filename }) => filename }) }), graph: it })
       const file = flow('file', { trigger: http.put('/file', { input, body: blobBody('file', { key: () => 'file' }) }), graph: it })
       const bytes = flow('bytes', { trigger: http.post('/bytes', { input, body: streamBody('bytes') }), graph: (it, step) => step(drop, it) })
       export default defineApp({ flows: [form, file, bytes], profiles: { local: [memory()] } })`,
    )
    const { code, stdout, stderr } = await flowport(['--app', fresh, 'check', '--strict', '--json'])
    expect(stderr).toBe('')
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { ok: true, diagnostics: [] }])
  })

  it('prints every finding with its location, and exits with 1', async () => {
    const broken = join(folder, 'broken-app.ts')
    const from = (name: string) => JSON.stringify(import.meta.resolve(name))
    writeFileSync(
      broken,
      `import { defineApp, flow, http, node, opaque } from ${from('@flowport/flow')}
       import { memory } from ${from('@flowport/presets/memory')}
       const write = node('write', { input: opaque(), uses: { kv: { access: 'write', durability: 'durable' } }, run: () => 1 })
       const a = flow('a', { trigger: http.get('/same/:x', { input: opaque() }), graph: (it, step) => step(write, it) })
       const b = flow('b', { trigger: http.get('/same/:y', { input: opaque() }), graph: (it, step) => step(write, it) })
       export default defineApp({ flows: [a, b] as never, profiles: { local: [memory()] } as never })`,
    )
    const { code, stdout } = await flowport(['--app', broken, 'check'])
    expect(code).toBe(1)
    for (const finding of [
      'error[DAG004]',
      'error[DAG103]',
      'error[CAP102]',
      'at a / write',
      'at b / write',
      'help: ',
    ]) {
      expect(stdout).toContain(finding)
    }
    const json = JSON.parse((await flowport(['--app', broken, 'check', '--json'])).stdout) as {
      ok: boolean
      diagnostics: { code: string; location: { flow: string } }[]
    }
    expect(json.ok).toBe(false)
    expect(
      json.diagnostics.filter(({ code: each }) => each === 'DAG004').map(({ location }) => location.flow),
    ).toEqual(['a', 'b'])
  })
})

describe('flowport inspect', () => {
  it('shows routes, bindings with guarantees, and variables', async () => {
    const { code, stdout } = await onApp(['inspect'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/PUT +\/notes\/:id +put-note/)
    expect(stdout).toMatch(/kv +sqlite +consistency strong, durability durable, ttl per_write/)
    expect(stdout).toMatch(/FLOWPORT_DATA_DIR +\w+ +no +\.flowport/)
    const json = JSON.parse((await onApp(['inspect', '--profile', 'local', '--json'])).stdout) as Record<
      string,
      unknown[]
    >
    expect(json['routes']?.length).toBeGreaterThan(10)
  })

  it('refuses an unknown profile', async () => {
    const { code, stderr } = await onApp(['inspect', '--profile', 'moon'])
    expect([code, stderr]).toEqual([2, expect.stringMatching(/there is no profile "moon".*local/)])
  })
})

describe('flowport graph', () => {
  it('draws a flow as Mermaid, DOT and Flow IR', async () => {
    expect((await onApp(['graph', 'tickets'])).stdout).toMatch(/^flowchart/m)
    expect((await onApp(['graph', 'tickets', '--format', 'dot'])).stdout).toMatch(/^digraph/m)
    const ir = JSON.parse((await onApp(['graph', 'tickets', '--format', 'ir'])).stdout) as {
      name: string
      control_surfaces: unknown[]
    }
    expect(ir).toMatchObject({ name: 'tickets', profile: 'web' })
    expect(ir.control_surfaces).toHaveLength(2)
  })

  it('refuses unknown flows and formats', async () => {
    expect(await onApp(['graph', 'nope'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('tickets') as string,
    })
    expect((await onApp(['graph', 'tickets', '--format', 'pdf'])).code).toBe(2)
  })
})

describe('flowport run', () => {
  it('reads its input from the command line, a file or standard input', async () => {
    const input = '{"value":"  a   b "}'
    const file = join(folder, 'input.json')
    writeFileSync(file, input)
    for (const outcome of [
      await onApp(['run', 'echo', '--input', input]),
      await onApp(['run', 'echo', '--input', `@${file}`]),
      await onApp(['run', 'echo', '--input', '-'], { stdin: input }),
    ]) {
      expect(JSON.parse(outcome.stdout)).toEqual({ value: 'a b', length: 3 })
      expect(outcome.code).toBe(0)
    }
  })

  it('persists what it stores', async () => {
    await onApp(['run', 'put-note', '--input', '{"id":"cli","text":"kept"}'])
    expect(
      JSON.parse((await onApp(['run', 'get-note', '--input', '{"id":"cli"}', '--json'])).stdout),
    ).toMatchObject({ ok: true, answer: { text: 'kept' } })
  })

  it('prints a stream item by item', async () => {
    const { stdout } = await onApp(['run', 'site-status', '--input', '{"site":"x","intervalMs":1}'])
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string })
    expect(lines.map(({ event }) => event)).toEqual([
      'snapshot',
      'update_1',
      'update_2',
      'update_3',
      'update_4',
      'update_5',
    ])
  })

  it('accepts a raw body', async () => {
    const { stdout } = await onApp(['run', 'imports', '--body', '-'], { stdin: 'id,n\n1,a\n,b\n' })
    expect(JSON.parse(stdout)).toEqual({
      event: 'result',
      data: { rows: 2, stored: 1, rejected: [{ line: 3, reason: 'the row has no id' }] },
    })
  })

  it('stores a body under the key of the flow’s binding', async () => {
    const put = await onApp(['run', 'put-file', '--input', '{"name":"cli.txt"}', '--body', '-'], {
      stdin: 'hello',
    })
    expect(JSON.parse(put.stdout)).toMatchObject({ key: 'cli.txt', size: 5 })
    const file = { $blob: 'blob', key: 'files/cli.txt', size: 5, etag: 'e', contentType: null }
    const again = await onApp(['run', 'put-file', '--input', JSON.stringify({ name: 'cli.txt', file })])
    expect(JSON.parse(again.stdout)).toMatchObject({ key: 'cli.txt', size: 5 })
    const none = await onApp(['run', 'put-file', '--input', '{"name":"cli.txt","file":7}'])
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('must be a BlobRef')])
    expect((await onApp(['run', 'echo', '--body', '-'])).code).toBe(2)
  })

  it('stores a body under a key derived from its content', async () => {
    const uploads = resolve(import.meta.dirname, 'support/uploads-app.ts')
    const send = (folder: string) =>
      flowport(['--app', uploads, 'run', 'upload', '--input', JSON.stringify({ folder }), '--body', '-'], {
        stdin: 'hello',
      })
    const sha256 = '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824'
    expect(JSON.parse((await send('a')).stdout)).toEqual({ key: `bodies/a/${sha256}`, size: 5 })
    const refused = await send('..')
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining('/folder it is part of a key'),
    ])
  })

  it('reports the failed node and the reason', async () => {
    const refused = await onApp(['run', 'echo', '--input', '{"value":1}', '--json'])
    expect(refused.code).toBe(1)
    expect(JSON.parse(refused.stdout)).toMatchObject({
      ok: false,
      error: { issues: [{ pointer: '/value' }] },
    })
    const missing = await onApp(['run', 'get-note', '--input', '{"id":"none"}'])
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('NOTE_NOT_FOUND')])
    expect((await onApp(['run', 'echo', '--input', 'not json'])).code).toBe(2)
  })
})

describe('the command', () => {
  it('refuses an unknown option, and suggests a known one', async () => {
    const { code, stderr, stdout } = await onApp(['check', '--jsn'])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/unknown option '--jsn'[\s\S]*--json/)
    expect((await onApp(['chek'])).stderr).toMatch(/check/)
    expect((await onApp(['chek'])).code).toBe(2)
  })

  it('prints help with examples', async () => {
    const { code, stdout } = await flowport(['--help'])
    expect(code).toBe(0)
    for (const word of ['check', 'inspect', 'graph', 'run', 'Exit codes']) expect(stdout).toContain(word)
    expect((await flowport(['run', '--help'])).stdout).toContain('--input')
  })

  it('prints its version', async () => {
    const { code, stdout } = await flowport(['--version'])
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)])
  })

  it('has no colour when piped', async () => {
    const { stdout } = await onApp(['check'])
    expect(stdout).not.toContain('\u001b[')
  })

  it('reports an app that is missing or cannot be loaded', async () => {
    expect(await flowport(['check'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('--app') as string,
    })
    const bad = join(folder, 'bad.ts')
    writeFileSync(bad, 'throw new Error("no good")')
    expect(await flowport(['--app', bad, 'check'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('no good') as string,
    })
  })
})
