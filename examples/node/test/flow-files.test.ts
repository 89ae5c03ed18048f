import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ResourceBag } from '@flowport/capabilities'
import { createStorage, memoryScheme } from '@flowport/capabilities/storage'
import { createRuntime } from '@flowport/flow'
import { loadFlow } from '@flowport/flow/files'
import { fileScheme } from '@flowport/presets/fs/storage'
import { afterEach, beforeEach, expect, it } from 'vitest'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flow-files-'))
})
afterEach(() => rm(folder, { recursive: true }))

it('a flow file reads and writes files on disk, under the folder its settings name', async () => {
  const storage = createStorage({ schemes: [memoryScheme(), fileScheme({ root: folder })] })
  await writeFile(join(folder, 'orders.json'), '{"n":3}')
  const copy = loadFlow<{ name: string }, { n: number; files: readonly { name: string }[] }>(`
name: copy
settings: { storage: { default_local: 'file://${folder}/' } }
input: { name: string }
nodes:
  - { name: read, uses: storage.read, params: { uri: '{{ input.name }}.json', as: json } }
  - { name: save, uses: storage.write, params: { uri: out/copy.json, content: '{{ state.read }}' } }
  - { name: away, uses: storage.copy, after: [save], params: { from: out/copy.json, to: 'memory://copy.json' } }
  - { name: files, uses: storage.list, after: [save], params: { uri: out/ } }
output: { n: '{{ state.read.n }}', files: '{{ state.files.entries }}' }`)
  const runtime = createRuntime(ResourceBag.empty().with('storage', storage) as never)
  const answer = await runtime.invoke(copy, { input: { name: 'orders' } })
  expect(answer).toMatchObject({ n: 3, files: [{ name: 'copy.json', kind: 'file' }] })
  expect(await readFile(join(folder, 'out/copy.json'), 'utf8')).toBe('{"n":3}')
  expect(await storage.readJson('memory://copy.json')).toEqual({ n: 3 })
  await expect(runtime.invoke(copy, { input: { name: '../../etc/passwd' } })).rejects.toMatchObject({
    cause: { kind: 'InvalidInput' },
  })
  await storage.close()
})
