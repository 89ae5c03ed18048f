/** Formats the verdict on each node's effects as a table, with one line for all profiles that have the same verdict. */
import type { NodeEffects } from '@flowport/flow'
import { table } from '../table.ts'

export function effectsTable(
  effects: readonly (NodeEffects & { readonly profile: string })[],
  profiles: readonly string[],
): string {
  const rows = new Map<string, { readonly cells: readonly string[]; readonly on: string[] }>()
  for (const { flow, node, verdict, because, profile } of effects) {
    const cells = [`${flow} / ${node}`, verdict, because]
    const row = rows.get(cells.join('\n')) ?? { cells, on: [] }
    row.on.push(profile)
    rows.set(cells.join('\n'), row)
  }
  return table(
    ['EFFECT', 'VERDICT', 'BECAUSE', 'PROFILES'],
    [...rows.values()].map(({ cells, on }) => [
      ...cells,
      on.length === profiles.length ? 'all' : on.join(', '),
    ]),
  )
}
