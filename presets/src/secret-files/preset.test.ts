import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { type OpenContext, type Secrets, silentLogger } from '@flowport/capabilities'
import { ManualClock } from '@flowport/capabilities/testing'
import { describe, expect, it } from 'vitest'
import { secretFiles, type SecretFilesOptions } from './preset.ts'
import type * as Entry from './preset.ts'
import { onPlatform } from '../../test/support/on-platform.ts'
import { tempDirectory } from '../../test/support/temp-directory.ts'

function contextIn(directory: string, secrets?: readonly string[]): OpenContext {
  const context = { env: { FLOWPORT_SECRETS_DIR: directory }, log: silentLogger, bindings: {} }
  return { ...context, clock: new ManualClock(), ...(secrets === undefined ? {} : { secrets }) }
}

async function opened(directory: string, options: SecretFilesOptions = {}, names?: readonly string[]) {
  const { resources } = await secretFiles(options).open(contextIn(directory, names))
  return resources.get('secrets') as unknown as Secrets
}

/** A directory with these files. */
function directoryOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const directory = tempDirectory()
  for (const [name, content] of Object.entries(files)) fs.writeFileSync(join(directory, name), content)
  return directory
}

describe('preset secret-files', () => {
  it('reads one file per secret, without the line end that closes it', async () => {
    const directory = directoryOf({
      DB_PASSWORD: 'hunter2\n',
      windows: 'hunter3\r\n',
      'tls.key': '-----BEGIN-----\nline\n-----END-----\n\n',
      spaces: '  kept \t',
      empty: '\n',
    })
    const secrets = await opened(directory)
    const reveal = async (name: string) => (await secrets.get(name)).reveal()
    expect(await reveal('DB_PASSWORD')).toBe('hunter2')
    expect(await reveal('windows')).toBe('hunter3')
    expect(await reveal('tls.key')).toBe('-----BEGIN-----\nline\n-----END-----\n')
    expect(await reveal('spaces')).toBe('  kept \t')
    await expect(secrets.get('empty')).rejects.toMatchObject({ kind: 'NotFound', key: 'empty' })
    await expect(secrets.get('absent')).rejects.toMatchObject({ kind: 'NotFound', capability: 'secrets' })
  })

  it('follows the links that Kubernetes mounts, and sees a rotation at the next read', async () => {
    const directory = tempDirectory()
    const publish = (version: string, content: string) => {
      fs.mkdirSync(join(directory, version))
      fs.writeFileSync(join(directory, version, 'token'), content)
      fs.symlinkSync(version, join(directory, '..data_tmp'))
      fs.renameSync(join(directory, '..data_tmp'), join(directory, '..data'))
    }
    publish('..2026_01', 'first')
    fs.symlinkSync('..data/token', join(directory, 'token'))
    const secrets = await opened(directory)
    expect((await secrets.get('token')).reveal()).toBe('first')
    publish('..2026_02', 'second')
    fs.rmSync(join(directory, '..2026_01'), { recursive: true })
    expect((await secrets.get('token')).reveal()).toBe('second')
    for (const name of ['..data', '..2026_02']) {
      await expect(secrets.get(name)).rejects.toMatchObject({ kind: 'NotFound' })
    }
  })

  it('never leaves its directory, by names or by links', async () => {
    const directory = join(directoryOf({ outside: 'outside' }), 'secrets')
    fs.mkdirSync(directory)
    fs.mkdirSync(join(directory, 'folder'))
    fs.writeFileSync(join(directory, 'folder', 'inner'), 'inner')
    fs.symlinkSync('../outside', join(directory, 'link'))
    const secrets = await opened(directory)
    for (const name of [
      '../outside',
      '..',
      '.',
      './link',
      'folder/inner',
      'folder\\inner',
      'a\0b',
      '/etc/passwd',
      'x'.repeat(300),
    ]) {
      await expect(secrets.get(name), name).rejects.toMatchObject({
        kind: expect.stringMatching(/NotFound|InvalidInput/),
      })
    }
    await expect(secrets.get('link')).rejects.toMatchObject({ kind: 'PermissionDenied' })
    await expect(secrets.get('folder')).rejects.toMatchObject({ kind: 'Misconfigured' })
  })

  it.skipIf(process.platform === 'win32')('does not wait for a named pipe', async () => {
    const directory = tempDirectory()
    execFileSync('mkfifo', [join(directory, 'pipe')])
    await expect((await opened(directory)).get('pipe')).rejects.toMatchObject({ kind: 'Misconfigured' })
  })

  it('gives out the secrets the app names, and no others', async () => {
    const directory = directoryOf({ READ: '1', OTHER: '2' })
    const secrets = await opened(directory, {}, ['READ'])
    expect((await secrets.get('READ')).reveal()).toBe('1')
    await expect(secrets.get('OTHER')).rejects.toMatchObject({ kind: 'NotFound' })
  })

  it('refuses what is too large, or no text', async () => {
    const directory = directoryOf({
      large: 'x'.repeat(101),
      fits: 'x'.repeat(100),
      binary: new Uint8Array([0xff, 0xfe, 0x41]),
    })
    const secrets = await opened(directory, { maxBytes: 100 })
    expect((await secrets.get('fits')).reveal()).toHaveLength(100)
    await expect(secrets.get('large')).rejects.toMatchObject({ kind: 'LimitExceeded' })
    await expect(secrets.get('binary')).rejects.toMatchObject({ kind: 'Corrupt' })
    for (const maxBytes of [0, -1, 1.5, Number.NaN, 2 ** 30]) {
      await expect(opened(directory, { maxBytes }), String(maxBytes)).rejects.toMatchObject({
        kind: 'Misconfigured',
      })
    }
  })

  it('is Misconfigured, without naming the path, when the directory is missing', async () => {
    const directory = join(tempDirectory(), 'absent')
    await expect(opened(directory)).rejects.toMatchObject({
      kind: 'Misconfigured',
      message: expect.not.stringContaining(directory),
    })
  })

  it('shows no value, however it is looked at', async () => {
    const secrets = await opened(directoryOf({ KEY: 'hunter2' }))
    const secret = await secrets.get('KEY')
    for (const text of [
      inspect(secrets, { showHidden: true, depth: 10 }),
      inspect(secret),
      JSON.stringify({ secret }),
    ])
      expect(text).not.toContain('hunter2')
  })

  it('binds another name with `as`', async () => {
    const provider = secretFiles({ as: 'vault' })
    expect(Object.keys(provider.provides)).toEqual(['secrets:vault'])
    expect(provider.hints.map(({ name }) => name)).toEqual(['resource::secrets'])
  })
})

describe('preset secret-files on other runtimes', () => {
  it('states the same, and fails to open with advice', async () => {
    const { secretFiles: unsupportedSecretFiles } = await onPlatform<typeof Entry>('secret-files', 'workerd')
    const { open, ...stub } = unsupportedSecretFiles()
    const { open: _, ...real } = secretFiles()
    expect(JSON.stringify(stub)).toBe(JSON.stringify(real))
    await expect(open(contextIn('.'))).rejects.toMatchObject({
      kind: 'Misconfigured',
      code: 'PRESET_UNSUPPORTED',
    })
  })
})
