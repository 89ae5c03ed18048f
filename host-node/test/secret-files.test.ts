import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineApp, DiagnosticsError, flow, http, node } from '@flowport/flow'
import { createServer, readEnvironment } from '@flowport/host-node'
import { secretFiles } from '@flowport/presets/secret-files'
import { afterEach, expect, it } from 'vitest'
import { z } from 'zod'

const directories: string[] = []
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true })
})

function directoryOf(files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'flowport-secrets-'))
  directories.push(directory)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  return directory
}

const length = node('length', {
  input: z.object({}),
  output: z.object({ length: z.number() }),
  uses: { secrets: 'read' },
  run: async (_, { secrets }) => ({ length: (await secrets.get('PAY_KEY')).reveal().length }),
})

function appOn(directory: string) {
  return defineApp({
    flows: [
      flow('length', {
        trigger: http.get('/length', { input: z.object({}) }),
        graph: (it, step) => step(length, it),
      }),
    ],
    profiles: { local: [secretFiles({ directory })] },
    secrets: ['PAY_KEY'],
  })
}

it('a preset can provide the secrets instead of the environment', async () => {
  const app = appOn(directoryOf({ PAY_KEY: 'from a file\n' }))
  const server = await createServer(app, { env: { PAY_KEY: 'env' }, profile: 'local', logLevel: 'silent' })
  const answer = await server.inject({ url: '/length' })
  expect([answer.statusCode, answer.json()]).toEqual([200, { length: 'from a file'.length }])
  await server.close()
})

it('a secret that the preset lacks is CAP103 at start, even if the environment has it', async () => {
  const app = appOn(directoryOf({ OTHER: 'hunter2' }))
  const failure = await createServer(app, { env: {}, profile: 'local', logLevel: 'silent' }).then(
    () => null,
    (error: unknown) => error,
  )
  expect(failure).toBeInstanceOf(DiagnosticsError)
  const { diagnostics, message } = failure as DiagnosticsError
  expect(diagnostics.map(({ code, details }) => [code, details?.['variable']])).toEqual([
    ['CAP103', 'PAY_KEY'],
  ])
  expect(message).not.toContain('hunter')
  const variables = { profile: 'local', providers: app.profiles['local'] ?? [], secrets: app.secrets }
  expect(readEnvironment({}, variables)).toMatchObject({ FLOWPORT_SECRETS_DIR: '/run/secrets' })
})
