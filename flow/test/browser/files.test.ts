import { ResourceBag } from '@flowport/capabilities'
import { createStorage, memoryScheme } from '@flowport/capabilities/storage'
import { createRuntime, DiagnosticsError, validateFlow } from '@flowport/flow'
import { loadFlow } from '@flowport/flow/files'
import { expect, it } from 'vitest'

const text = `
name: shout
settings: { storage: { default_local: memory } }
input: { name: string }
nodes:
  - { name: there, uses: storage.exists, params: { uri: 'notes/{{ input.name }}' } }
  - { name: save, uses: storage.write, unless: '{{ state.there }}', params: { uri: 'notes/{{ input.name }}', content: { n: 1 } } }
  - { name: read, uses: storage.read, after: [save], params: { uri: 'notes/{{ input.name }}', as: json } }
output: { n: '{{ state.read.n }}', had: '{{ state.there }}' }
`

it('loads a flow file in a page and runs it there', async () => {
  const shout = loadFlow(text)
  expect(validateFlow(shout)).toEqual([])
  const storage = createStorage({ schemes: [memoryScheme()] })
  const { invoke } = createRuntime(ResourceBag.empty().with('storage', storage) as never)
  expect(await invoke(shout, { input: { name: 'a' } })).toEqual({ n: 1, had: false })
  expect(await invoke(shout, { input: { name: 'a' } })).toEqual({ n: 1, had: true })
})

it('tells what is wrong with one, where it stands', () => {
  expect(() => loadFlow(text.replace('storage.read', 'storage.raed'))).toThrow(DiagnosticsError)
  expect(() => loadFlow(text.replace('storage.read', 'storage.raed'))).toThrow('FILE005 line 8:')
})
