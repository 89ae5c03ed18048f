/** `validateApp` checks every flow of an app, and that they do not stand in each other's way: DAG103, DAG205, DAG209, DAG210. */
import type { App } from '../app.ts'
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts'
import type { AnyFlow } from '../flow.ts'
import type { AnyNode } from '../node.ts'
import { checkKeyTemplates } from './key-templates.ts'
import { checkPathParameters } from './path-parameters.ts'
import { validateFlow } from './validate.ts'

/** Every finding about the flows of an app. Profiles are the business of preflight. */
export function validateApp({ flows }: Pick<App, 'flows'>): readonly Diagnostic[] {
  return [
    ...flows.flatMap(validateFlow),
    ...flows.flatMap((flow) => [...checkPathParameters(flow), ...checkKeyTemplates(flow)]),
    ...sameRoutes(flows),
    ...sameQueues(flows),
    ...sameNames(flows),
  ]
}

/** The nodes of flows by name: what imported IR may name. */
export function nodesByName(flows: readonly AnyFlow[]): ReadonlyMap<string, AnyNode> {
  const nodes = flows.flatMap(({ graph }) =>
    graph.vertices.flatMap((vertex) => (vertex.kind === 'node' ? [vertex.node] : [])),
  )
  return new Map(nodes.map((node) => [node.name, node]))
}

function* sameRoutes(flows: readonly AnyFlow[]): Iterable<Diagnostic> {
  const taken = new Map<string, AnyFlow>()
  for (const flow of flows) {
    const { trigger } = flow
    if (trigger.kind !== 'http') continue
    const route = `${trigger.method} ${shapeOf(trigger.path)}`
    const first = taken.get(route)
    if (first === undefined) {
      taken.set(route, flow)
      continue
    }
    const message = `"${flow.name}" and "${first.name}" both answer ${trigger.method} ${trigger.path}`
    const details = { flows: [first.name, flow.name], route }
    yield diagnostic({ code: 'DAG103', message, location: { flow: flow.name }, details })
  }
}

/** A message goes to one consumer: two flows on one queue would each see some of the messages. */
function* sameQueues(flows: readonly AnyFlow[]): Iterable<Diagnostic> {
  const taken = new Map<string, AnyFlow>()
  for (const flow of flows) {
    if (flow.trigger.kind !== 'queue') continue
    const { queue } = flow.trigger
    const first = taken.get(queue)
    if (first === undefined) {
      taken.set(queue, flow)
      continue
    }
    yield diagnostic({
      code: 'DAG103',
      message: `"${flow.name}" and "${first.name}" both consume the queue "${queue}"`,
      location: { flow: flow.name },
      hint: 'send the message to a queue for each flow, or make the flows one',
      details: { flows: [first.name, flow.name], queue },
    })
  }
}

/** Parameters match alike whatever they are called. */
function shapeOf(path: string): string {
  return path
    .split('/')
    .map((segment) => segment.replaceAll(/:\w+/g, ':'))
    .join('/')
}

function* sameNames(flows: readonly AnyFlow[]): Iterable<Diagnostic> {
  const seen = new Set<string>()
  const reported = new Set<string>()
  for (const { name } of flows) {
    if (seen.has(name) && !reported.has(name)) {
      reported.add(name)
      const message = `two flows of the app are called "${name}"`
      yield diagnostic({
        code: 'DAG205',
        message,
        location: { flow: name },
        hint: 'give one of the flows another name',
      })
    }
    seen.add(name)
  }
}
