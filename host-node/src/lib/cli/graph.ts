/** `flowport graph`: one flow as Mermaid, DOT or Flow IR. */
import { type App, type AnyFlow, toDot, toIr, toMermaid } from '@flowport/flow'
import { CommandError, type Console, exitCodes } from './console.ts'

export const graphFormats = ['mermaid', 'dot', 'ir'] as const

export interface GraphOptions {
  readonly format: (typeof graphFormats)[number]
  readonly json?: boolean
}

export function graph(app: App, name: string, { format, json = false }: GraphOptions, out: Console): number {
  const flow = findFlow(app, name)
  const drawing = format === 'ir' ? toIr(flow) : format === 'dot' ? toDot(flow) : toMermaid(flow)
  if (json) out.json({ schemaVersion: 1, command: 'graph', ok: true, flow: name, format, graph: drawing })
  else out.result(typeof drawing === 'string' ? drawing : JSON.stringify(drawing, null, 2))
  return exitCodes.ok
}

/** Returns the flow with that name. An unknown name is a usage error that lists the app's flows. */
export function findFlow({ flows }: App, name: string): AnyFlow {
  const flow = flows.find((each) => each.name === name)
  if (flow !== undefined) return flow
  throw new CommandError(
    exitCodes.usage,
    `there is no flow "${name}"; the app has: ${flows.map((each) => each.name).join(', ')}`,
  )
}
