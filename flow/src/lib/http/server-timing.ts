/** The header `Server-Timing`: how long each node of a run took. */
import type { HeldRun, Timing } from '../runtime/run-host.ts'

/** At most 20 nodes: proxies bound header sizes. */
export function timingHeader({ timings }: HeldRun): string {
  let text = ''
  const count = Math.min(timings.length, 20)
  for (let i = 0; i < count; i++) {
    const { node, ms } = timings[i] as Timing
    text += `${i === 0 ? '' : ', '}${tokenOf(node)};dur=${Math.round(ms * 100) / 100}`
  }
  return text
}

const tokens = new Map<string, string>()

/** A node's alias as an HTTP token. Aliases are few and fixed when flows are defined. */
function tokenOf(alias: string): string {
  let token = tokens.get(alias)
  if (token === undefined) tokens.set(alias, (token = alias.replaceAll(/[^\w!#$%&'*+.^`|~-]/g, '_')))
  return token
}
