import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createTestHarness } from 'wrangler'

const folder = mkdtempSync(join(tmpdir(), 'flowport-bindings-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Config {
  readonly kv_namespaces: readonly { readonly binding: string }[]
  readonly r2_buckets: readonly { readonly binding: string }[]
  readonly durable_objects: { readonly bindings: readonly { readonly name: string }[] }
  readonly queues: { readonly producers: readonly { readonly binding: string }[] }
  readonly env: Readonly<Record<string, unknown>>
}

const here = resolve(import.meta.dirname, '..')
const whole = JSON.parse(
  readFileSync(join(here, 'wrangler.jsonc'), 'utf8').replaceAll(/^\s*\/\/.*$/gm, ''),
) as Config

/** The example's wrangler configuration without the named bindings and without its other environments. */
function without(...names: readonly string[]): object {
  const isLeft = (binding: { readonly binding?: string; readonly name?: string }) =>
    !names.includes(binding.binding ?? binding.name ?? '')
  const { env: _, ...config } = whole
  return {
    ...config,
    main: join(here, 'src/worker.ts'),
    kv_namespaces: whole.kv_namespaces.filter(isLeft),
    r2_buckets: whole.r2_buckets.filter(isLeft),
    durable_objects: { bindings: whole.durable_objects.bindings.filter(isLeft) },
    queues: { ...whole.queues, producers: whole.queues.producers.filter(isLeft) },
  }
}

async function serving<T>(
  config: object,
  vars: Readonly<Record<string, string>>,
  use: (ask: (path: string) => Promise<{ status: number; body: Record<string, unknown> }>) => Promise<T>,
): Promise<T> {
  const configPath = join(folder, `${crypto.randomUUID()}.json`)
  writeFileSync(configPath, JSON.stringify(config))
  const harness = createTestHarness({
    root: here,
    workers: [{ configPath, vars: { LOG_LEVEL: 'silent', ...vars } }],
  })
  try {
    const { url } = await harness.listen()
    return await use(async (path) => {
      const response = await fetch(new URL(path, url))
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    })
  } finally {
    await harness.close()
  }
}

const names = ['LEDGER', 'KV_OBJECT', 'FLAGS', 'FILES', 'EMAILS']

describe('start-up of the example Worker', { timeout: 120_000 }, () => {
  it.each(names)(
    'without %s answers every route except /healthz with CAP103, which names the binding',
    async (name) => {
      await serving(without(name), {}, async (ask) => {
        for (const path of ['/readyz', '/notes/1', '/flags/beta', '/']) {
          const { status, body } = await ask(path)
          expect([path, status, body['code']]).toEqual([path, 503, 'CAP103'])
          expect(body['detail']).toMatch(new RegExp(`^${name} is not bound: it must be an? .+\\)$`))
        }
        expect((await ask('/healthz')).status).toBe(200)
      })
    },
  )

  it('reports all missing bindings together, and no values of the present ones', async () => {
    await serving(without(...names), { FILES: 'a secret text' }, async (ask) => {
      const { status, body } = await ask('/readyz')
      expect(status).toBe(503)
      const { findings } = body['details'] as { findings: readonly { message: string }[] }
      expect(findings.map(({ message }) => message.split(' ')[0])).toEqual(names.toSorted())
      expect(findings.find(({ message }) => message.startsWith('FILES'))?.message).toContain(
        'bound to something else',
      )
      expect(JSON.stringify(body)).not.toContain('a secret text')
    })
  })

  it('refuses an unknown profile, and lists the existing ones', async () => {
    await serving(without(), { FLOWPORT_PROFILE: 'elsewhere' }, async (ask) => {
      const { status, body } = await ask('/readyz')
      expect([status, body['code'], body['detail']]).toEqual([
        503,
        'UNKNOWN_PROFILE',
        'there is no profile "elsewhere": set FLOWPORT_PROFILE to one of: workers',
      ])
    })
  })

  it('has the same bindings in every environment of the wrangler file', () => {
    const bindingsOf = (config: object) =>
      [...JSON.stringify(config).matchAll(/"(?:binding|name)":"([A-Z_]+)"/g)]
        .map(([, name]) => name)
        .toSorted()
    expect(bindingsOf({ ...whole, env: {} })).toEqual(names.toSorted())
    for (const staged of Object.values(whole.env))
      expect(bindingsOf(staged as object)).toEqual(names.toSorted())
  })
})
