/** Whether this Node is new enough, checked before anything is loaded that an older one lacks. */

/** Oldest Node that the packages run on; equals `engines.node` of their `package.json`. */
const oldestNode = [20, 19, 0] as const

/** Says what to do on a Node that is too old, such as `'18.20.4'`; `null` on the others. */
export function nodeAdvice(version: string): string | null {
  const parts = version.split('.').map(Number)
  const at = oldestNode.findIndex((part, index) => part !== (parts[index] ?? 0))
  if (at === -1 || (parts[at] ?? 0) > (oldestNode[at] ?? 0)) return null
  return `Flowport needs Node ${oldestNode.join('.')} or newer, this is Node ${version}: install a newer one (https://nodejs.org)`
}
