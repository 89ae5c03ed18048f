/** Compares server-sent events to many concurrent clients through the plugin with Fastify writing the same bytes by hand. */
import { Agent, get } from 'node:http'
import { eventCount, wholeStream } from './events.ts'
import { shuffled } from './harness.ts'
import { digits, range, ratios, spread } from './numbers.ts'
import type { Report } from './report.ts'
import { ServerProcess } from './server-process.ts'

const reference = 'raw'

const candidates: Readonly<Record<string, string>> = {
  raw: 'Fastify, `reply.raw`',
  readable: 'Fastify, `Readable.from(generator)`',
  flowport: 'Flowport, items checked by zod',
  'flowport-opaque': 'Flowport, opaque items',
}

const clients = 200
const rounds = 7
const paceMs = 10

export async function measure(): Promise<Report> {
  const samples = new Map<string, Sample[]>(Object.keys(candidates).map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const [name, taken] of shuffled([...samples])) taken.push(await sample(name))
  }
  return reportOf(samples)
}

interface Sample {
  readonly burstMs: number
  readonly burstCpuMs: number
  readonly pacedMs: number
  readonly pacedCpuMs: number
  readonly peakMiB: number
}

/** Measures one candidate in a new process: one burst for warm-up, one measured burst, and one paced stream. */
async function sample(name: string): Promise<Sample> {
  const server = await ServerProcess.start('sse-server.ts', name)
  try {
    await receive(server, 0)
    const burst = await receive(server, 0)
    const paced = await receive(server, paceMs)
    const { peakBytes } = await server.usage()
    return {
      burstMs: burst.ms,
      burstCpuMs: burst.cpuMs,
      pacedMs: paced.ms,
      pacedCpuMs: paced.cpuMs,
      peakMiB: peakBytes / 2 ** 20,
    }
  } finally {
    await server.stop()
  }
}

const expected = wholeStream()

/** Reads the stream with all clients concurrently. Each must receive every byte. */
async function receive(server: ServerProcess, pace: number) {
  const agent = new Agent({ keepAlive: false, maxSockets: clients })
  const before = await server.usage()
  const start = performance.now()
  const bodies = await Promise.all(
    Array.from({ length: clients }, () => read(`${server.url}/ticks?paceMs=${pace}`, agent)),
  )
  const ms = performance.now() - start
  const after = await server.usage()
  agent.destroy()
  const wrong = bodies.filter((body) => body !== expected).length
  if (wrong > 0) throw new Error(`"${server.name}": ${wrong} of ${clients} clients got other bytes`)
  return { ms, cpuMs: (after.cpuMicros - before.cpuMicros) / 1000 }
}

function read(url: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent, headers: { accept: 'text/event-stream' } }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => {
        body += text
      })
      response.once('end', () => resolve(body))
      response.once('error', reject)
    })
    request.once('error', reject)
  })
}

function reportOf(samples: ReadonlyMap<string, readonly Sample[]>): Report {
  const base = samples.get(reference) ?? []
  const rows = [...samples].map(([name, taken]) => {
    const of = (key: keyof Sample) => taken.map((one) => one[key])
    const text = (key: keyof Sample) => range(spread(of(key)))
    const ratio = (key: keyof Sample) =>
      digits(
        spread(
          ratios(
            of(key),
            base.map((one) => one[key]),
          ),
        ).median,
      )
    return [
      candidates[name] ?? name,
      text('burstMs'),
      ratio('burstMs'),
      text('burstCpuMs'),
      ratio('burstCpuMs'),
      text('pacedMs'),
      text('pacedCpuMs'),
      ratio('pacedCpuMs'),
      digits(spread(of('peakMiB')).median),
    ]
  })
  return {
    tables: [
      {
        title: `Server-sent events: ${clients} clients × ${eventCount} events, ${rounds} rounds, a new process each`,
        header: [
          '',
          'burst ms [min–max]',
          '×',
          'server CPU ms',
          'CPU ×',
          `${paceMs} ms apart: ms`,
          'server CPU ms',
          'CPU ×',
          'peak MiB',
        ],
        rows,
        notes: [
          `All ${(clients * eventCount).toLocaleString('en')} events of every burst arrived, byte for byte (${Buffer.byteLength(expected)} B per client).`,
        ],
      },
    ],
    aims: [],
  }
}
