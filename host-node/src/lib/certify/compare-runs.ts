/** Runs a flow twice with the same payload under a fixed clock and fixed randomness, and compares the outputs of its nodes. */
import { type Clock, ResourceBag, type ResourceName, type Rng } from '@flowport/capabilities'
import { seededRng } from '@flowport/capabilities/memory'
import { systemClock } from '@flowport/capabilities/system'
import { type AnyFlow, type AnyNode, createRuntime } from '@flowport/flow'
import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { digest } from '../digest.ts'
import { callOnce, isStream } from './call-flow.ts'
import { nodesOf, withNodes } from './declared.ts'
import { firstDifference } from './difference.ts'
import type { Difference } from './messages.ts'
import { Recording, Repeating } from './repeating.ts'
import { watchedBy } from './watched-calls.ts'

/** Milliseconds between the runs, so that a node that reads the system clock gets a different time. */
const betweenMs = 20
/** Maximum number of stream items compared. */
const maxItems = 1_000

/** The outputs of each node by alias, one for each execution. A node that throws yields `{ thrown: true }`. */
type Outputs = Map<string, unknown[]>

interface RunningNode {
  readonly alias: string
  readonly rng: Rng
}

/**
 * Returns the differences. The second run makes no effects: its resource calls get the first run's answers. Nodes that declare
 * `determinism: 'nondeterministic'` are not compared.
 */
export async function compareRuns(
  bag: ResourceBag,
  flow: AnyFlow,
  input: unknown,
): Promise<readonly Difference[]> {
  const running = new AsyncLocalStorage<RunningNode>()
  const startedAt = systemClock.now()
  const others = new Map<string, string>()
  const recording = new Recording()
  const repeating = new Repeating(recording, (label) => {
    const alias = running.getStore()?.alias
    if (alias !== undefined && !others.has(alias)) others.set(alias, label)
  })
  const outputsOf = async (watcher: Recording | Repeating): Promise<Outputs> => {
    const outputs: Outputs = new Map()
    const clock = fixedClock(startedAt)
    const runtime = createRuntime(fixedBag(bag, clock, running), { clock, rng: seededRng(), digest })
    const observed = withNodes(flow, (node, alias) => observedNode(node, alias, { outputs, running }))
    await watchedBy(watcher, () => callOnce(runtime, observed, input))
    await runtime.close()
    return outputs
  }
  const first = await outputsOf(recording)
  await sleep(betweenMs)
  const second = await outputsOf(repeating)
  return differencesOf(flow, { first, second, others })
}

function differencesOf(
  flow: AnyFlow,
  { first, second, others }: { first: Outputs; second: Outputs; others: ReadonlyMap<string, string> },
): readonly Difference[] {
  return nodesOf(flow).flatMap(({ alias, node: { determinism } }): readonly Difference[] => {
    if (determinism === 'nondeterministic') return []
    const [one = [], two = []] = [first.get(alias), second.get(alias)]
    const found = { node: alias, determinism }
    const call = others.get(alias)
    if (call !== undefined) return [{ ...found, pointer: '', call }]
    if (one.length !== two.length) return [{ ...found, pointer: '', call: null }]
    const pointers = one.map((output, index) => firstDifference(output, two[index]))
    const pointer = pointers.find((each) => each !== null)
    return pointer === undefined ? [] : [{ ...found, pointer, call: null }]
  })
}

function observedNode(
  node: AnyNode,
  alias: string,
  { outputs, running }: { outputs: Outputs; running: AsyncLocalStorage<RunningNode> },
): AnyNode {
  const handler = node.handler as (input: unknown, context: unknown) => unknown
  let runs = 0
  return {
    ...node,
    handler(input: unknown, context: unknown) {
      const yielded = outputs.get(alias) ?? []
      outputs.set(alias, yielded)
      const place = yielded.push(undefined) - 1
      const keep = (output: unknown) => {
        if (isStream(output)) return keptItems(output, (items) => void (yielded[place] = items))
        // Copied, because later steps may change the value.
        yielded[place] = copyOf(output)
        return output
      }
      const fail = (error: unknown) => {
        yielded[place] = { thrown: true }
        throw error
      }
      const work = () => {
        const output = handler(input, context)
        return output instanceof Promise ? output.then(keep, fail) : keep(output)
      }
      try {
        return running.run({ alias, rng: seededRng(seedOf(`${alias}#${runs++}`)) }, work)
      } catch (error) {
        return fail(error)
      }
    },
  }
}

async function* keptItems(
  stream: AsyncIterable<unknown>,
  keep: (items: unknown[]) => void,
): AsyncIterable<unknown> {
  const items: unknown[] = []
  keep(items)
  const iterator = stream[Symbol.asyncIterator]()
  for (;;) {
    const { done, value } = await iterator.next()
    if (items.length < maxItems) items.push(copyOf(value))
    if (done === true) return value
    yield value
  }
}

function copyOf(value: unknown): unknown {
  try {
    return structuredClone(value)
  } catch {
    return value
  }
}

/** A clock whose time never changes. Sleeps take real time. */
function fixedClock(at: number): Clock {
  return { now: () => at, monotonic: () => 0, sleep: (ms, options) => systemClock.sleep(ms, options) }
}

/** Returns the bag's resources with the fixed clock, and with randomness that repeats for the same execution of a node. */
function fixedBag(bag: ResourceBag, clock: Clock, running: AsyncLocalStorage<RunningNode>): ResourceBag {
  const outside = seededRng()
  const rng = (): Rng => running.getStore()?.rng ?? outside
  const fixed = {
    clock,
    rng: {
      bytes: (length) => rng().bytes(length),
      float: () => rng().float(),
      int: (min, max) => rng().int(min, max),
      uuid: () => rng().uuid(),
    } satisfies Rng,
  }
  let view: ResourceBag = ResourceBag.empty()
  for (const name of bag.names() as readonly ResourceName[]) {
    const resource = name === 'clock' || name === 'rng' ? fixed[name] : bag.require(name)
    view = view.with(name, resource as never)
  }
  return view
}

function seedOf(text: string): number {
  let sum = 0
  for (const letter of text) sum = (Math.imul(sum, 31) + letter.charCodeAt(0)) >>> 0
  return sum
}
