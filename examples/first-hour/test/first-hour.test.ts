/**
 * A new user's first hour: installs the packed packages in an empty folder, type-checks, starts on Node and in workerd, and
 * sends requests.
 */
import { createHmac } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundleForNode, bundlePresets, evaluated, type NodeBundle } from './support/bundles.ts'
import { type Carrier, startCarrier } from './support/carrier.ts'
import { entriesProject, places } from './support/entries.ts'
import { type Installed, installExample, olderNode, printed, registryAnswers } from './support/installed.ts'
import { askEveryPreset, expectedOn, runtimes } from './support/platforms.ts'
import { freePort, type Program, startProgram } from './support/program.ts'
import { required } from './support/required.ts'

const there = required('a package registry', await registryAnswers())
const node20 = await olderNode()
const hasNode20 = required('a Node before 22.18', node20 !== null)
const patience = 600_000
const secret = 'a secret of this test that is long enough'

describe.skipIf(!there)("a new user's service (needs a package registry)", () => {
  let installed: Installed
  let carrier: Carrier
  beforeAll(async () => {
    installed = await installExample()
    carrier = await startCarrier()
  }, patience)
  afterAll(async () => {
    await carrier?.close()
    await installed?.remove()
  })

  let bundle: Promise<NodeBundle> | undefined
  const bundled = () => (bundle ??= bundleForNode(installed))

  it.each(
    ['typescript', 'typescript-7'].flatMap((compiler) =>
      ['node', 'worker'].map((place) => ({ compiler, place })),
    ),
  )(
    'type-checks for $place with $compiler, strictly and with all declarations',
    async ({ compiler, place }) => {
      const config = `tsconfig.${place}.json`
      expect(await readFile(join(installed.folder, config), 'utf8')).not.toContain('skipLibCheck')
      await installed.run(`${compiler}/bin/tsc`, '-p', config)
    },
    patience,
  )

  it.each(places)(
    'type-checks every entry with only the types of a %s',
    async (place) => {
      await installed.run('typescript-7/bin/tsc', '-p', await entriesProject(installed.folder, place))
    },
    patience,
  )

  it('passes flowport check --strict for every profile', async () => {
    const checked = await installed.run('@flowport/host-node/dist/cli.js', 'check', '--strict', '--json')
    expect(JSON.parse(checked)).toMatchObject({ ok: true })
  })

  it('bundles for Node without opendal, which is not installed', async () => {
    const { outfile, warnings, inputs } = await bundled()
    expect(warnings).toEqual([])
    expect(inputs.filter((file) => file.includes('node_modules/opendal'))).toEqual([])
    await evaluated(installed, `await import(${JSON.stringify(outfile)})`)
  })

  it.skipIf(!hasNode20)(
    'runs compiled on a Node older than 22.18, and explains why the sources do not (needs such a Node)',
    async () => {
      const check = [join(installed.folder, 'node_modules/@flowport/host-node/dist/cli.js'), 'check', '--app']
      const checked = (app: string) => printed(installed.folder, node20 ?? '', [...check, app])
      await expect(checked('src/app.ts')).rejects.toThrow(
        /app\.ts could not be loaded: Node \d+\.\d+\.\d+ does not run TypeScript .*Use Node 22\.18 or newer/,
      )
      await bundled()
      expect(await checked('bundled.mjs')).toMatch(/flows checked against .*: 0 errors/)
    },
  )

  it('chooses the part of each preset by the conditions of the runtime', async () => {
    await writeFile(join(installed.folder, 'presets.mjs'), askEveryPreset)
    const newer = (condition: string) =>
      printed(installed.folder, process.execPath, ['-C', condition, 'presets.mjs'])
    for (const runtime of runtimes)
      expect(JSON.parse(await newer(runtime)), runtime).toEqual(expectedOn(runtime))
  })

  it.skipIf(!hasNode20)('chooses the same parts on a Node before 22.18 (needs one)', async () => {
    await writeFile(join(installed.folder, 'presets.mjs'), askEveryPreset)
    expect(JSON.parse(await printed(installed.folder, node20 ?? '', ['presets.mjs']))).toEqual(
      expectedOn('node'),
    )
  })

  it.each(runtimes)(
    'chooses the parts for %s in bundles of esbuild and Vite',
    async (runtime) => {
      await writeFile(join(installed.folder, 'presets.mjs'), askEveryPreset)
      for (const bundler of ['esbuild', 'vite'] as const) {
        const file = await bundlePresets(installed, bundler, runtime)
        const text = await readFile(file, 'utf8')
        if (runtime !== 'node')
          expect(
            [...text.matchAll(/(?:from|import|import\(|require\()\s*["'](?:node:|undici|aws4["'])/g)].map(
              ([found]) => found,
            ),
            bundler,
          ).toEqual([])
        expect(JSON.parse(await printed(installed.folder, process.execPath, [file])), bundler).toEqual(
          expectedOn(runtime),
        )
      }
    },
    patience,
  )

  it(
    'bundles as a Worker without opendal, fastify or Node modules',
    async () => {
      await installed.run('wrangler/bin/wrangler.js', 'deploy', '--dry-run', '--outdir', 'bundle')
      const text = await readFile(join(installed.folder, 'bundle/worker.js'), 'utf8')
      expect(text).not.toMatch(/node_modules\/(?:opendal|fastify)|import\(["']opendal|from\s*["']node:/)
    },
    patience,
  )

  it(
    'can follow docs/start/first-flow.md: its files, server, commands and test',
    async () => {
      const page = await readFile(join(import.meta.dirname, '../../../docs/start/first-flow.md'), 'utf8')
      const [app, main, test] = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => code ?? '')
      const folder = join(installed.folder, 'counters')
      await mkdir(folder)
      const files = { 'app.ts': app, 'main.ts': main, 'test.ts': test }
      for (const [name, code] of Object.entries(files)) await writeFile(join(folder, name), code ?? '')
      await writeFile(
        join(folder, 'tsconfig.json'),
        '{ "extends": "../tsconfig.node.json", "include": ["."] }',
      )
      await installed.run('typescript-7/bin/tsc', '-p', 'counters/tsconfig.json')
      const node = (...args: readonly string[]) => printed(folder, process.execPath, args)
      await node('test.ts')
      const command = join(installed.folder, 'node_modules/@flowport/host-node/dist/cli.js')
      expect(await node(command, 'check', '--app', 'app.ts', '--strict')).toContain('0 errors, 0 warnings')
      expect(await node(command, 'graph', 'put-counter', '--app', 'app.ts')).toContain('flowchart')
      const server = await startProgram(folder, ['main.ts'], { PORT: '0' })
      const headers = { 'content-type': 'application/json' }
      const put = await fetch(`${server.url}/counters/a`, { method: 'PUT', headers, body: '{"count":3}' })
      const got = await fetch(`${server.url}/counters/a`)
      await server.stop()
      expect([await put.json(), await got.json()]).toEqual([
        { name: 'a', count: 3 },
        { name: 'a', count: 3 },
      ])
    },
    patience,
  )

  describe('on Node, with six Fastify plugins', () => {
    let server: Program
    beforeAll(async () => {
      const env = { JWT_SECRET: secret, CARRIER_URL: carrier.url, PORT: '0', RATE_LIMIT: '40' }
      server = await startProgram(installed.folder, ['src/server.ts'], env)
    }, patience)
    afterAll(async () => server?.stop())

    it('answers 401 without a token, with the body of @fastify/jwt and the headers of @fastify/helmet', async () => {
      const refused = await fetch(`${server.url}/api/orders/n`)
      expect(refused.status).toBe(401)
      expect(refused.headers.get('x-content-type-options')).toBe('nosniff')
      expect(await refused.json()).toMatchObject({ code: 'FST_JWT_NO_AUTHORIZATION_IN_HEADER' })
    })

    it('accepts an order, labels it through its queue, and streams its progress', async () => {
      await callsOrders(server.url, 'n', carrier)
    })

    it('accepts a form next to @fastify/multipart, and serves its photo', async () => {
      await callsPhotos(server.url)
      const form = new FormData()
      form.append('file', new Blob(['12345']), 'a.txt')
      const own = await fetch(`${server.url}/form`, { method: 'POST', body: form })
      expect(await own.json()).toEqual({ name: 'a.txt', size: 5 })
    })

    it('answers preflight requests through @fastify/cors', async () => {
      const headers = { origin: 'https://shop.example', 'access-control-request-method': 'PUT' }
      const preflight = await fetch(`${server.url}/api/orders/n`, { method: 'OPTIONS', headers })
      expect(preflight.headers.get('access-control-allow-origin')).toBe('https://shop.example')
    })

    it('shows zod and valibot schemas in @fastify/swagger', async () => {
      expect(await (await fetch(`${server.url}/openapi.json`)).json()).toMatchObject({
        paths: {
          '/api/orders/{id}': {
            put: {
              requestBody: {
                content: { 'application/json': { schema: { properties: { item: { maxLength: 200 } } } } },
              },
            },
          },
          '/api/photos': {
            post: {
              requestBody: {
                content: { 'multipart/form-data': { schema: { properties: { title: { maxLength: 200 } } } } },
              },
            },
          },
        },
      })
    })

    it('answers 429 above the limit, with the headers of @fastify/rate-limit', async () => {
      const ask = () => fetch(`${server.url}/api/report`, { headers: { authorization } })
      let refused = await ask()
      for (let i = 0; i < 40 && refused.status !== 429; i++) refused = await ask()
      expect(refused.status).toBe(429)
      expect(refused.headers.get('retry-after')).toMatch(/^\d+$/)
      expect(await refused.json()).toMatchObject({ code: 'TOO_MANY_REQUESTS' })
    })
  })

  describe('in workerd', () => {
    let server: Program
    beforeAll(async () => {
      const port = await freePort()
      const variables = { JWT_SECRET: secret, CARRIER_URL: carrier.url }
      const args = [
        'node_modules/wrangler/bin/wrangler.js',
        'dev',
        `--port=${port}`,
        '--ip=127.0.0.1',
        '--show-interactive-dev-session=false',
        ...Object.entries(variables).map(([name, value]) => `--var=${name}:${value}`),
      ]
      server = await startProgram(installed.folder, args, {}, `http://127.0.0.1:${port}`)
    }, patience)
    afterAll(async () => server?.stop())

    it('answers 401 without a token', async () => {
      expect((await fetch(`${server.url}/api/orders/w`)).status).toBe(401)
    })

    it('accepts an order, labels it through its queue, and streams its progress', async () => {
      await callsOrders(server.url, 'w', carrier)
    })

    it('accepts a form, and serves its photo', async () => {
      await callsPhotos(server.url)
    })

    it('runs its schedule', async () => {
      await fetch(`${server.url}/cdn-cgi/local/scheduled?cron=0+3+*+*+*`)
      const report = await fetch(`${server.url}/api/report`, { headers: { authorization } })
      expect(await report.json()).toMatchObject({ last: { orders: 1 } })
    })
  })
})

const authorization = `Bearer ${token('ada')}`

async function callsOrders(url: string, id: string, carrier: Carrier): Promise<void> {
  const order = `${url}/api/orders/${id}`
  const headers = { authorization, 'content-type': 'application/json' }
  const placed = await fetch(order, { method: 'PUT', headers, body: JSON.stringify({ item: 'a chair' }) })
  expect([placed.status, await placed.json()]).toEqual([202, { id, item: 'a chair', quantity: 1, by: 'ada' }])
  const bad = await fetch(order, { method: 'PUT', headers, body: JSON.stringify({ item: '' }) })
  expect([bad.status, await bad.json()]).toMatchObject([422, { code: 'INVALID_INPUT' }])
  const progress = await fetch(`${order}/progress?intervalMs=20`, { headers: { authorization } })
  expect(progress.headers.get('content-type')).toMatch(/^text\/event-stream/)
  expect(await progress.text()).toContain(`data: {"id":"${id}","state":"labelled"}`)
  const labelled = await fetch(order, { headers: { authorization } })
  expect(await labelled.json()).toMatchObject({ id, label: `label of ${id}` })
  // The carrier answered the first call with 503, and the step's retry made the second.
  expect(carrier.calls(id)).toBe(2)
}

async function callsPhotos(url: string): Promise<void> {
  const form = new FormData()
  form.append('title', 'Two chairs')
  form.append('photos', new Blob(['not really a photo'], { type: 'image/png' }), 'chair.png')
  const stored = await fetch(`${url}/api/photos`, { method: 'POST', headers: { authorization }, body: form })
  const photos = [{ name: 'chair.png', size: 18 }]
  expect([stored.status, await stored.json()]).toEqual([201, { title: 'Two chairs', photos }])
  const photo = await fetch(`${url}/api/photos/chair.png`, { headers: { authorization } })
  expect([photo.status, photo.headers.get('content-type')]).toEqual([200, 'image/png'])
  expect(await photo.text()).toBe('not really a photo')
}

function token(sub: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub })}`
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
}
