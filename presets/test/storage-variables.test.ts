import { readFileSync } from 'node:fs'
import { createBlobStore, silentLogger } from '@flowport/capabilities'
import type { UriStorage } from '@flowport/capabilities/storage'
import { memoryBlobDriver } from '@flowport/capabilities/memory'
import { systemClock } from '@flowport/capabilities/system'
import { expect, it } from 'vitest'
import { azScheme } from '../src/azblob/scheme-entry.ts'
import { r2Scheme } from '../src/cloudflare-r2/scheme-entry.ts'
import { gsScheme } from '../src/gcs/scheme-entry.ts'
import { s3Scheme } from '../src/s3/scheme-entry.ts'
import { storageEnv, uriStorage } from '../src/storage/preset.ts'

const schemes = [s3Scheme(), gsScheme(), azScheme(), r2Scheme()]
const declared = Object.keys(storageEnv.properties)

it('every variable a scheme takes credentials from reaches it through a profile', () => {
  const read = schemes.flatMap(({ fields = {} }) =>
    Object.values(fields as Record<string, { readonly env?: readonly string[] }>).flatMap(
      ({ env = [] }) => env,
    ),
  )
  expect(read.length).toBeGreaterThan(10)
  expect(read.filter((name) => !declared.includes(name))).toEqual([])
})

it('so does every variable that a scheme names in its code, its options and its errors', () => {
  const files = [
    's3/storage-store.ts',
    's3/storage.ts',
    'gcs/scheme.ts',
    'azblob/scheme.ts',
    'azblob/account.ts',
    'cloudflare-r2/storage.ts',
    'cloudflare-r2/storage-s3.ts',
  ]
  const named = files.flatMap(
    (file) =>
      readFileSync(new URL(`../src/${file}`, import.meta.url), 'utf8').match(
        /\b(?:AWS|GOOGLE|GCS|AZURE|R2)_[A-Z0-9_]+\b/g,
      ) ?? [],
  )
  expect(new Set(named).size).toBeGreaterThan(15)
  expect([...new Set(named)].filter((name) => !declared.includes(name))).toEqual([])
})

it('a profile hands all of them on', async () => {
  const seen: object[] = []
  const spy = {
    scheme: 'spy',
    authority: 'key' as const,
    open: (_store: string, { env }: { readonly env: object }) => {
      seen.push(env)
      return { blob: createBlobStore(memoryBlobDriver()) }
    },
  }
  const env = Object.fromEntries(declared.map((name) => [name, `value of ${name}`]))
  const context = { env, bindings: {}, log: silentLogger, clock: systemClock }
  const { resources, close } = await uriStorage({ schemes: [spy] }).open(context)
  await (resources.get('storage') as unknown as UriStorage).write('spy://key', 'v')
  expect(seen).toEqual([env])
  await close()
})
