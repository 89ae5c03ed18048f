/** What the tests of flow files share: findings of a text, a runtime over a real storage. */
import { ResourceBag } from '@flowport/capabilities'
import { createStorage, memoryScheme, type UriStorage } from '@flowport/capabilities/storage'
import { DiagnosticsError } from '../../diagnostics/diagnostic.ts'
import { createRuntime, type RuntimeOptions } from '../../runtime/runtime.ts'
import { loadFlow, type LoadFlowOptions } from '../load.ts'

/** `code line:column node: message` of everything that is wrong with the text. */
export function findingsOf(text: string, options?: LoadFlowOptions): readonly string[] {
  try {
    loadFlow(text, options)
  } catch (error) {
    if (!(error instanceof DiagnosticsError)) throw error
    return error.diagnostics.map(({ code, message, location: { line, column, node } }) =>
      [`${code} ${line}:${column}`, node, message].filter((part) => part !== undefined).join(' | '),
    )
  }
  return []
}

export const codesOf = (text: string, options?: LoadFlowOptions) =>
  findingsOf(text, options).map((finding) => finding.slice(0, 7))

export function memoryStorage() {
  return createStorage({ schemes: [memoryScheme(), memoryScheme({ scheme: 'opfs' })] })
}

export function runtimeOver(
  resources: { readonly storage?: UriStorage; readonly [name: string]: object | undefined },
  options?: RuntimeOptions,
) {
  let bag = ResourceBag.empty() as ResourceBag
  for (const [name, resource] of Object.entries(resources))
    if (resource !== undefined) bag = bag.with(name as 'storage', resource as UriStorage) as ResourceBag
  return createRuntime(bag, options)
}
