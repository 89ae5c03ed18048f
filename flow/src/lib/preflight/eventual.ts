/** Finds flows that rely on a store being current when it may lag: KV_EVT001, BLOB_EVT001. */
import { domainOf } from '@flowport/capabilities'
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts'
import type { AnyFlow } from '../flow.ts'
import { toIr } from '../ir/export.ts'
import { reachable } from '../validate/walk.ts'
import { type Need, needsOf, nodeVertices } from './needs.ts'
import type { Offers } from './offers.ts'

const codes = { kv: 'KV_EVT001', blob: 'BLOB_EVT001' } as const

export function checkEventual(flow: AnyFlow, offers: Offers, profile: string): readonly Diagnostic[] {
  const needs = needsOf(flow)
  const lagging = new Set(
    needs
      .map(({ resource }) => resource)
      .filter((resource) => {
        const offer = offers(resource)
        return offer !== undefined && offer.info?.['consistency'] !== 'strong'
      }),
  )
  const followers = lagging.size === 0 ? () => [] : followersOf(flow)
  return [...lagging].flatMap((resource) => {
    const domain = domainOf(resource)
    if (domain !== 'kv' && domain !== 'blob') return []
    const uses = needs.filter((need) => need.resource === resource)
    const offered = String(offers(resource)?.info?.['consistency'] ?? 'unknown')
    const report = (node: string, why: string) =>
      diagnostic({
        code: codes[domain],
        message: `${resource} is ${offered === 'unknown' ? 'of unknown consistency' : `${offered}ly consistent`}, but ${why}`,
        location: { flow: flow.name, node, profile },
        details: { resource, offered },
      })
    return [
      ...claims(flow, uses).map(([node, why]) => report(node, why)),
      ...ownWrites(uses, followers).map(([node, why]) => report(node, why)),
    ]
  })
}

type Told = readonly [node: string, why: string]

/** Nodes on the store that claim to yield the same every time. */
function claims(flow: AnyFlow, uses: readonly Need[]): readonly Told[] {
  const users = new Set(uses.map(({ node }) => node))
  return nodeVertices(flow).flatMap(({ alias, node }): readonly Told[] => {
    if (!users.has(alias) || (node.determinism !== 'strict' && node.determinism !== 'stable')) return []
    return [[alias, `"${alias}" is declared ${node.determinism}`]]
  })
}

/** Nodes that read the store after a node before them has written to it. */
function ownWrites(uses: readonly Need[], followers: (alias: string) => readonly string[]): readonly Told[] {
  const readers = uses.filter(({ access }) => access === 'read')
  const told = new Map<string, string>()
  for (const { node: writer } of readers.length === 0
    ? []
    : uses.filter(({ access }) => access === 'write')) {
    const after = reachable(followers(writer), followers)
    for (const { node } of readers) if (after.has(node) && !told.has(node)) told.set(node, writer)
  }
  return [...told].map(([reader, writer]) => [
    reader,
    `"${reader}" reads it after "${writer}" has written to it`,
  ])
}

function followersOf(flow: AnyFlow): (alias: string) => readonly string[] {
  const leaving = new Map<string, string[]>()
  for (const { from, to } of toIr(flow).edges) {
    const list = leaving.get(from)
    if (list === undefined) leaving.set(from, [to])
    else list.push(to)
  }
  return (alias) => leaving.get(alias) ?? []
}
