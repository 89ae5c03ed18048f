/** Checks that this Node is new enough, before loading modules that need features of newer versions. */

/** Oldest supported Node; equals `engines.node` in the packages' `package.json`. */
const oldestNode = [20, 19, 0] as const

/** Returns advice for a Node that is too old, such as `'18.20.4'`, or `null`. */
export function nodeAdvice(version: string): string | null {
  const parts = version.split('.').map(Number)
  const at = oldestNode.findIndex((part, index) => part !== (parts[index] ?? 0))
  if (at === -1 || (parts[at] ?? 0) > (oldestNode[at] ?? 0)) return null
  return `Flowport needs Node ${oldestNode.join('.')} or newer, this is Node ${version}: install a newer one (https://nodejs.org)`
}
