/**
 * A reverse proxy that breaks things on purpose: it forwards HTTP to a real server with every header untouched, `Host`
 * too, so that signatures stay valid, and lets rules spoil single requests. It records what was asked.
 */
import { Agent, createServer, type Server } from 'node:http'
import type { Socket } from 'node:net'
import { afterAll } from 'vitest'
import { type Fault, pass } from './fault-passing.ts'

export type { Fault } from './fault-passing.ts'

/** A request as it came over the wire. */
export interface SeenRequest {
  readonly method: string
  /** Path and query, exactly as sent. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Counts from 0 over all requests. */
  readonly index: number
}

export interface FaultRule {
  readonly fault: Fault
  /** Which requests. Default all. */
  readonly when?: (request: SeenRequest) => boolean
  /** How many of them, from the first on. Default all. */
  readonly times?: number
}

export interface FaultProxy {
  /** `http://127.0.0.1:<port>`; the same as long as the proxy lives. */
  readonly endpoint: string
  /** Every request so far. */
  readonly seen: readonly SeenRequest[]
  /** How often a rule was applied since the last `set`. */
  readonly applied: number
  /** Replaces all rules; the first that fits a request is applied. Without one requests pass as they are. */
  set(...rules: readonly FaultRule[]): void
  /** Removes all rules and forgets what was seen. */
  clear(): void
  /** Refuses connections and drops those there are, until `accept`. */
  refuse(): Promise<void>
  accept(): Promise<void>
  close(): Promise<void>
}

/** Starts a proxy before a server on this machine. Gone with the test file. */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const { hostname, port } = new URL(target)
  const agent = new Agent({ keepAlive: true, maxSockets: 256 })
  const sockets = new Set<Socket>()
  const seen: SeenRequest[] = []
  let rules: { readonly rule: FaultRule; left: number }[] = []
  let applied = 0

  const faultFor = (asked: SeenRequest): Fault | null => {
    const found = rules.find(({ rule, left }) => left > 0 && (rule.when?.(asked) ?? true))
    if (found === undefined) return null
    found.left -= 1
    applied += 1
    return found.rule.fault
  }

  const server = createServer((incoming, outgoing) => {
    const { method = '', url = '', headers } = incoming
    const asked = { method, path: url, headers, index: seen.length }
    seen.push(asked)
    // What breaks on one side breaks the other.
    pass(incoming, outgoing, faultFor(asked), { hostname, port, agent }).catch(() =>
      incoming.socket.resetAndDestroy(),
    )
  })
  server.keepAliveTimeout = 60_000
  server.on('connection', (socket) => {
    sockets.add(socket)
    // Resets are what this is for.
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  })
  const ownPort = await listen(server, 0)
  const proxy: FaultProxy = {
    endpoint: `http://127.0.0.1:${ownPort}`,
    seen,
    get applied() {
      return applied
    },
    set(...next) {
      applied = 0
      rules = next.map((rule) => ({ rule, left: rule.times ?? Infinity }))
    },
    clear() {
      proxy.set()
      seen.length = 0
    },
    async refuse() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.resetAndDestroy()
      await closed
    },
    async accept() {
      await listen(server, ownPort)
    },
    async close() {
      agent.destroy()
      if (server.listening) await proxy.refuse()
    },
  }
  afterAll(() => proxy.close())
  return proxy
}

/** S3's words for an error. */
export function s3Error(code: string, message = 'injected'): string {
  return `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
}
