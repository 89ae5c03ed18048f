/** Forms whose process is killed leave staged files in the store, which a later sweep deletes. */
import { hostApp } from '@flowport/flow/testing/host'
import { createServer } from '@flowport/host-node'
import { fs } from '@flowport/presets/fs'
import { memory } from '@flowport/presets/memory'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, describe, expect, it } from 'vitest'
import type { FormsProcessOptions } from './support/forms-process.ts'
import { tempFolder } from './support/temp-folder.ts'

const running: ChildProcess[] = []
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
})

async function start(options: FormsProcessOptions) {
  const script = join(import.meta.dirname, 'support/forms-process.ts')
  const child = spawn(process.execPath, [script, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  running.push(child)
  const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  return {
    url,
    async kill() {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

const file = (name: string) =>
  `--B\r\nContent-Disposition: form-data; name="f"; filename="${name}"\r\n\r\n${name}\r\n`

/** Sends one file of a form, and the rest when `finish` is called. */
function beginForm(url: string, name: string) {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  const write = (text: string) => writer.write(new TextEncoder().encode(text))
  const init = {
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=B' },
    body: readable,
    duplex: 'half',
  }
  const answer = fetch(`${url}/forms/${name}`, init as RequestInit).then(
    ({ status }) => status,
    () => 'cut off',
  )
  void write(`${file('one.txt')}--B\r\n`).catch(() => undefined)
  const finish = async () => {
    await write(`${file('two.txt').slice(5)}--B--\r\n`)
    await writer.close()
    return answer
  }
  return { answer, finish }
}

async function keys(url: string, prefix: string) {
  const response = await fetch(`${url}/blobs?prefix=${encodeURIComponent(prefix)}`)
  return (await response.json()) as string[]
}
const staged = (url: string) => keys(url, '.flowport/uploads/')

describe('the staged files of a killed process', () => {
  it('are deleted when a server starts a day later; staged files of a running upload stay', async () => {
    const root = tempFolder()
    const yesterday = await start({ root, behindMs: 24 * 3_600_000 + 60_000 })
    const killed = beginForm(yesterday.url, 'killed')
    await expect.poll(() => staged(yesterday.url)).toHaveLength(1)
    await yesterday.kill()
    expect(await killed.answer).toBe('cut off')

    const other = await start({ root, behindMs: 0 })
    // The new process sweeps too, and these files are a day old for it.
    await expect.poll(() => staged(other.url)).toEqual([])
    const underway = beginForm(other.url, 'underway')
    await expect.poll(() => staged(other.url)).toHaveLength(1)

    const again = await start({ root, behindMs: 24 * 3_600_000 + 60_000 })
    const lost = beginForm(again.url, 'lost')
    await expect.poll(() => staged(other.url)).toHaveLength(2)
    await again.kill()
    expect(await lost.answer).toBe('cut off')

    const server = await createServer(hostApp('local', [fs({ root }), memory({ only: ['dedupe'] })]), {
      env: {},
      logLevel: 'silent',
    })
    const url = await server.listen({ port: 0, host: '127.0.0.1' })
    try {
      await expect.poll(() => staged(url)).toHaveLength(1)
      expect(await underway.finish()).toBe(201)
      expect(await staged(url)).toEqual([])
      expect(await keys(url, '')).toEqual(['underway/one.txt', 'underway/two.txt'])
    } finally {
      await server.close()
    }
  })
})
