/** Sends hostile requests to a host and holds connections half-open, while an honest client measures its response times. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AttackedHost } from './hosts.ts'
import type { OthersReport } from './others.ts'
import { hostileRequest, randomOf } from './requests.ts'

/** Milliseconds the client waits for an answer. */
const patienceMs = 200
/** Number of concurrent connections. */
const concurrency = 32

export interface AttackReport {
  readonly requests: number
  /** Number of answers by status; `none` counts connections that closed without an answer. */
  readonly statuses: Readonly<Record<string, number>>
  /** Server errors (500 and above, except 501), each with its request. At most 20. */
  readonly failures: readonly string[]
  readonly others: OthersReport
  /** Resident memory in MiB: before, at its peak and after. */
  readonly memory: { readonly before: number; readonly peak: number; readonly after: number }
}

/** Sends requests generated from a seed, so that a failure can be reproduced. */
export async function attack(host: AttackedHost, requests: number, seed: number): Promise<AttackReport> {
  const random = randomOf(seed)
  const statuses: Record<string, number> = {}
  const failures: string[] = []
  // The first requests warm the server up, so that memory it allocates once is not counted.
  const first = Math.floor(requests / 5)
  let left = first
  const worker = async () => {
    while (left-- > 0) {
      const bytes = hostileRequest(random)
      const answer = await send(host.url, bytes)
      const status = /^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 'none'
      statuses[status] = (statuses[status] ?? 0) + 1
      if (isFailure(status) && failures.length < 20)
        failures.push(`${status} for ${JSON.stringify(bytes.toString('latin1').slice(0, 300))}`)
    }
  }
  const round = () => Promise.all(Array.from({ length: concurrency }, worker))
  await round()
  const memory = watchMemory(host)
  const others = askAsOthers(host.url)
  left = requests - first
  await round()
  return { requests, statuses, failures, others: await others.stop(), memory: await memory.stop() }
}

export interface HalfOpenReport {
  readonly connections: number
  /** Number of connections that the server had closed by the end. */
  readonly closed: number
  readonly others: OthersReport
  readonly memory: AttackReport['memory']
}

/** Holds connections open that sent half a request head, most of a JSON body, or the start of an upload. */
export async function holdHalfOpen(
  host: AttackedHost,
  connections: number,
  holdMs: number,
): Promise<HalfOpenReport> {
  const memory = watchMemory(host)
  const others = askAsOthers(host.url)
  const sockets: Socket[] = []
  let closed = 0
  for (let at = 0; at < connections; at++) {
    const socket = open(host.url, at)
    socket.once('close', () => closed++)
    socket.resume()
    socket.write(halfOf(at))
    sockets.push(socket)
    if (at % 10 === 9) await sleep(20)
  }
  const until = performance.now() + holdMs
  while (performance.now() < until && closed < connections) await sleep(250)
  const report = { connections, closed, others: await others.stop(), memory: await memory.stop() }
  for (const socket of sockets) socket.destroy()
  return report
}

const half = Buffer.from(`{"name":"${'x'.repeat(900_000)}`)
const start = Buffer.alloc(32_000)

function halfOf(at: number): Buffer | string {
  const head = (method: string, path: string, length: number) =>
    Buffer.from(
      `${method} ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`,
    )
  if (at % 6 === 0) return 'POST /items HTTP/1.1\r\nhost: localhost\r\nx-half: '
  if (at % 6 === 1) return Buffer.concat([head('PUT', `/blobs/half-${at}`, 1_000_000), start])
  return Buffer.concat([head('POST', '/items', 1_000_000), half])
}

/** Sends bytes and resolves to enough of the answer to judge it, or to what arrived before the client gave up. */
function send(url: string, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = open(url, bytes.length)
    let answer = ''
    const done = () => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    const timer = setTimeout(done, patienceMs)
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      answer += text
      const isFailure = answer.startsWith('HTTP/1.1 5')
      if (answer.includes('\r\n\r\n') && (!isFailure || answer.length > 400)) done()
    })
    socket.once('close', done)
    socket.write(bytes)
  })
}

/** Connects from eight loopback addresses in turn, because a single one would run out of ports. */
function open(url: string, at: number): Socket {
  const { hostname, port } = new URL(url)
  const socket = connect({ port: Number(port), host: hostname, localAddress: `127.0.0.${2 + (at % 8)}` })
  socket.on('error', () => undefined)
  return socket
}

/** 501 is not a failure: it reports an unsupported method or condition. workerd sends it without calling the Worker. */
function isFailure(status: string): boolean {
  return status.startsWith('5') && status !== '501'
}

/** Starts an honest client in another process, so that the attack does not slow it down. */
function askAsOthers(url: string): { stop(): Promise<OthersReport> } {
  const child = fork(new URL('others.ts', import.meta.url), [url])
  const reported = once(child, 'message') as Promise<[OthersReport]>
  const exited = once(child, 'exit')
  return {
    async stop() {
      child.send('stop')
      const [report] = await reported
      await exited
      return report
    },
  }
}

function watchMemory(host: AttackedHost): { stop(): Promise<AttackReport['memory']> } {
  const before = Math.round(host.memory())
  let peak = before
  const timer = setInterval(() => (peak = Math.max(peak, Math.round(host.memory()))), 100)
  return {
    async stop() {
      clearInterval(timer)
      return { before, peak, after: Math.round(host.memory()) }
    },
  }
}
