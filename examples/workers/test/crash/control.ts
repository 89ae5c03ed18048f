/**
 * The one process that is never killed. It receives the charges and counts them by key, refuses a fencing token smaller than
 * one it was asked with, and holds a call at the step where its process will be killed.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A point in the life of a call: before or after an operation of the ledger or a request to the sink. */
export type Step = `${string} ${'before' | 'after'}`

export interface Control {
  readonly url: string
  /** Returns the ids of the charges made under a key, in order. */
  charges(id: string): readonly string[]
  /** Returns the steps that a key's calls have reached. */
  steps(id: string): readonly Step[]
  /**
   * Holds the next call of this key that reaches the step. Resolves when a call is held there. Several steps can be watched.
   */
  holdAt(id: string, step: Step): Promise<void>
  /** Resolves after `count` more steps, by calls of any key. */
  afterSteps(count: number): Promise<void>
  /** Releases the key's held requests, as requests that arrive late. */
  letGo(id: string): Promise<void>
  close(): Promise<void>
}

interface Key {
  readonly charges: string[]
  readonly steps: Step[]
  fence: number
  /** Steps to hold at, each with a function to call when a call arrives. */
  readonly holds: Map<Step, () => void>
  readonly held: (() => void)[]
}

export interface ControlOptions {
  /** Whether the sink refuses fencing tokens smaller than one it was asked with. Default true. */
  readonly fences?: boolean
}

export async function startControl({ fences = true }: ControlOptions = {}): Promise<Control> {
  const keys = new Map<string, Key>()
  const counts: { left: number; readonly reached: () => void }[] = []
  let made = 0

  const keyOf = (id: string): Key => {
    const found = keys.get(id) ?? { charges: [], steps: [], fence: 0, holds: new Map(), held: [] }
    keys.set(id, found)
    return found
  }

  /** Records the step. Returns `undefined`, or a promise that resolves when the held step is released. */
  const pass = (key: Key, step: Step): Promise<void> | undefined => {
    key.steps.push(step)
    for (const count of counts) if (count.left-- === 0) count.reached()
    const reached = key.holds.get(step)
    if (reached === undefined) return undefined
    reached()
    key.holds.delete(step)
    return new Promise((go) => key.held.push(go))
  }

  /** Answers 409 when the token is smaller than one it was asked with. */
  const charge = async (id: string, fence: number) => {
    const key = keyOf(id)
    await pass(key, 'charge before')
    if (fences && fence < key.fence) return { status: 409, body: {} }
    const chargeId = `charge-${++made}`
    key.charges.push(chargeId)
    await pass(key, 'charge after')
    return { status: 201, body: { chargeId } }
  }

  const ask = async (id: string, fence: number) => {
    const key = keyOf(id)
    await pass(key, 'ask before')
    key.fence = Math.max(key.fence, fence)
    const body = { chargeId: key.charges[0] ?? null }
    await pass(key, 'ask after')
    return { status: 200, body }
  }

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { id, fence = 0, step } = JSON.parse(await textOf(request)) as Asked
    const work =
      request.url === '/charges'
        ? charge(id, fence)
        : request.url === '/asked'
          ? ask(id, fence)
          : pass(keyOf(id), step ?? 'no step before')
    const { status, body } = (await work) ?? { status: 200, body: {} }
    const headers = { 'content-type': 'application/json', 'access-control-allow-origin': '*' }
    response.writeHead(status, headers).end(JSON.stringify(body))
  }

  const server = createServer((request, response) => {
    // A killed process closes its connections, so its requests fail here.
    void answer(request, response).catch(() => response.destroy())
  })
  server.keepAliveTimeout = 60_000
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    charges: (id) => keyOf(id).charges,
    steps: (id) => keyOf(id).steps,
    holdAt: (id, at) =>
      new Promise((reached) => {
        keyOf(id).holds.set(at, reached)
      }),
    afterSteps: (left) => new Promise((reached) => counts.push({ left, reached })),
    async letGo(id) {
      const key = keyOf(id)
      key.holds.clear()
      for (const go of key.held.splice(0)) go()
      // The released requests continue in microtasks, which run before this resolves.
      await new Promise((resolve) => setImmediate(resolve))
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

interface Asked {
  readonly id: string
  readonly fence?: number
  readonly step?: Step
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}
