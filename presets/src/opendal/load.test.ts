import { describe, expect, it } from 'vitest'
import { loadOpenDal, type LoadOptions } from './load.ts'

const linux = { platform: 'linux', arch: 'x64', glibc: '2.36' }

function rejecting(error: unknown): () => Promise<never> {
  return async () => {
    throw error
  }
}

function failing(error: unknown, machine: LoadOptions['machine'] = linux) {
  return loadOpenDal({ load: rejecting(error), ...(machine && { machine }) })
}

function coded(code: string, message: string, options?: ErrorOptions): Error {
  return Object.assign(new Error(message, options), { code })
}

describe('loadOpenDal', () => {
  it('gives the package', async () => {
    const { Operator } = await loadOpenDal()
    expect(new Operator('memory', {}).capability().read).toBe(true)
  })

  it('names the package and the command when it is not installed', async () => {
    const missing = coded('ERR_MODULE_NOT_FOUND', "Cannot find package 'opendal' imported from /app/x.js")
    await expect(failing(missing)).rejects.toMatchObject({
      kind: 'Misconfigured',
      code: 'OPENDAL_NOT_LOADED',
      retryable: 'never',
      message: expect.stringMatching(/"opendal" is not installed: npm install opendal@0\.49\.2/),
      details: { platform: 'linux', arch: 'x64', glibc: '2.36', why: 'package' },
    })
  })

  it('finds a libc that is too old in the causes, where the loader of the binary hides it', async () => {
    const dlopen = coded(
      'ERR_DLOPEN_FAILED',
      "/lib/libc.so.6: version `GLIBC_2.38' not found (required by x.node)",
    )
    const wasm = coded('MODULE_NOT_FOUND', "Cannot find module '@opendal/lib-wasm32-wasi'")
    for (const cause of [[wasm, dlopen], dlopen, new AggregateError([wasm, dlopen], 'both')]) {
      const error = new Error('Cannot find native binding. npm has a bug related to optional dependencies', {
        cause,
      })
      await expect(failing(error)).rejects.toMatchObject({
        kind: 'Misconfigured',
        message: expect.stringMatching(/needs glibc 2\.38, this system has 2\.36: install opendal@0\.49\.2/),
        details: { why: 'libc' },
      })
    }
  })

  it('names presets that need no binary where there is none for the platform', async () => {
    const error = new Error('Cannot find native binding.', {
      cause: [coded('MODULE_NOT_FOUND', "Cannot find module '@opendal/lib-freebsd-x64'")],
    })
    await expect(failing(error, { platform: 'freebsd', arch: 'x64', glibc: null })).rejects.toMatchObject({
      kind: 'Misconfigured',
      message: expect.stringMatching(/no binary for freebsd on x64: use a preset that needs none/),
      details: { platform: 'freebsd', why: 'platform' },
    })
  })

  it('asks for a new installation when the binary is missing or belongs to another system', async () => {
    const omitted = coded('MODULE_NOT_FOUND', "Cannot find module '@opendal/lib-linux-x64-gnu'")
    const foreign = coded('ERR_DLOPEN_FAILED', '/app/x.node: invalid ELF header')
    for (const error of [new Error('Cannot find native binding.', { cause: [omitted] }), foreign]) {
      await expect(failing(error)).rejects.toMatchObject({
        message: expect.stringMatching(
          /for linux on x64 is missing or does not load: install again without --omit=optional/,
        ),
        details: { why: 'binary' },
      })
    }
  })

  it('keeps what it does not know as the cause', async () => {
    await expect(failing(new Error('something else'))).rejects.toMatchObject({
      kind: 'Misconfigured',
      details: { why: 'unknown' },
      cause: expect.objectContaining({ message: 'something else' }),
    })
    await expect(failing('a text')).rejects.toMatchObject({ kind: 'Misconfigured' })
  })

  it('knows the libc of this machine', async () => {
    const error = coded('ERR_DLOPEN_FAILED', "version `GLIBC_9.99' not found")
    const outcome = loadOpenDal({ load: rejecting(error) })
    await expect(outcome).rejects.toMatchObject({ details: { platform: process.platform, why: 'libc' } })
  })
})
