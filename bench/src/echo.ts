/** Compares `POST /echo` through the plugin with the same work in bare Fastify, tRPC and oRPC: requests and server CPU. */
import { deepStrictEqual } from 'node:assert/strict'
import autocannon from 'autocannon'
import { shuffled } from './harness.ts'
import { digits, range, ratios, spread } from './numbers.ts'
import type { Report } from './report.ts'
import { ServerProcess } from './server-process.ts'

/** The same handler and the same schema, without Flowport. */
const reference = 'fastify-zod'

const candidates: Readonly<Record<string, string>> = {
  'fastify-zod': 'Fastify, the same handler and zod schema',
  flowport: 'Flowport on Fastify',
  'flowport-timing': 'Flowport on Fastify, with `Server-Timing`',
  'fastify-headers': 'Fastify, the same handler, schema and two headers',
  fastify: 'Fastify, the same handler, JSON schemas (ajv, fast-json-stringify)',
  orpc: 'oRPC on Fastify (zod)',
  trpc: 'tRPC on Fastify (zod)',
}

const connections = 32
const rounds = 15
const roundSeconds = 1
/** All of a server's code is compiled only after some ten thousand requests. */
const warmUpRequests = 25_000

export async function measure(): Promise<Report> {
  const entries: Entry[] = []
  try {
    for (const name of Object.keys(candidates)) {
      const server = await ServerProcess.start('echo-server.ts', name)
      entries.push({ server, expected: '', samples: [] })
    }
    for (const entry of entries) entry.expected = await checkedAnswer(entry.server)
    for (const entry of entries) await load(entry, { amount: warmUpRequests })
    for (let round = 0; round < rounds; round++) {
      for (const entry of shuffled(entries)) entry.samples.push(await load(entry, { duration: roundSeconds }))
    }
    return reportOf(entries)
  } finally {
    await Promise.all(entries.map(({ server }) => server.stop()))
  }
}

interface Entry {
  readonly server: ServerProcess
  expected: string
  readonly samples: Sample[]
}

/** Bound of a run: a number of requests, or seconds. */
type Bound = { readonly amount: number } | { readonly duration: number }

interface Sample {
  readonly perSecond: number
  readonly cpuMicros: number
  readonly p99: number
}

// 201 bytes of decomposed text with extra whitespace, so that normalising has work to do.
const sent = `  ${'Cafe\u0301  au   lait, re\u0301sume\u0301,\tnaïve words. '.repeat(4)} `
const normal = sent.normalize('NFC').trim().replaceAll(/\s+/gu, ' ')
const wanted = { value: normal, length: [...normal].length }
const body = JSON.stringify({ value: sent })
const headers = { 'content-type': 'application/json' }

/** Sends one request with `fetch`, and resolves to the text that every later answer must equal. */
async function checkedAnswer({ name, url }: ServerProcess): Promise<string> {
  const response = await fetch(`${url}/echo`, { method: 'POST', headers, body })
  const text = await response.text()
  if (response.status !== 200) throw new Error(`"${name}" answered ${response.status}: ${text}`)
  const answer: unknown = JSON.parse(text)
  deepStrictEqual(
    answer,
    name === 'trpc' ? { result: { data: wanted } } : wanted,
    `"${name}" gave a wrong answer`,
  )
  return text
}

async function load({ server, expected }: Entry, bound: Bound): Promise<Sample> {
  const before = await server.usage()
  const result = await autocannon({
    url: `${server.url}/echo`,
    method: 'POST',
    headers,
    body,
    connections,
    ...bound,
    sampleInt: 100,
    expectBody: expected,
  })
  const after = await server.usage()
  const failed = result.non2xx + result.errors + result.timeouts + result.mismatches
  if (failed > 0 || result['2xx'] === 0) {
    throw new Error(`"${server.name}": ${failed} failed or wrong answers of ${result['2xx'] + failed}`)
  }
  return {
    perSecond: result['2xx'] / result.duration,
    cpuMicros: (after.cpuMicros - before.cpuMicros) / result['2xx'],
    p99: result.latency.p99,
  }
}

function reportOf(entries: readonly Entry[]): Report {
  const base = entries.find(({ server }) => server.name === reference)?.samples ?? []
  const figures = entries.map(({ server, samples }) => {
    const of = (key: keyof Sample) => samples.map((sample) => sample[key])
    const ratio = (key: keyof Sample) =>
      spread(
        ratios(
          of(key),
          base.map((sample) => sample[key]),
        ),
      ).median
    return {
      name: server.name,
      perSecond: spread(of('perSecond')),
      perSecondRatio: ratio('perSecond'),
      cpu: spread(of('cpuMicros')),
      cpuRatio: ratio('cpuMicros'),
      p99: spread(of('p99')),
    }
  })
  const ours = figures.find(({ name }) => name === 'flowport')
  if (ours === undefined) throw new Error('flowport was not measured')
  const same = besideSameAnswer(entries)
  return {
    tables: [
      {
        title: `POST /echo, ${Buffer.byteLength(body)} B of JSON, ${connections} connections, ${rounds} rounds of ${roundSeconds} s`,
        header: ['', 'requests/s [min–max]', '×', 'server CPU µs/request [min–max]', 'CPU ×', 'p99 ms'],
        rows: figures.map(({ name, perSecond, perSecondRatio, cpu, cpuRatio, p99 }) => [
          candidates[name] ?? name,
          range(perSecond),
          digits(perSecondRatio),
          range(cpu),
          digits(cpuRatio),
          digits(p99.median),
        ]),
        notes: ['Every answer of every round had status 200 and the expected body.'],
      },
    ],
    aims: [
      {
        aim: 'requests/s: at least 0.9 of Fastify with the same handler and schema',
        measured: digits(ours.perSecondRatio),
        holds: ours.perSecondRatio >= 0.9,
      },
      {
        aim: 'server CPU per request: at most 1.15 of Fastify with the same handler and schema',
        measured: digits(ours.cpuRatio),
        holds: ours.cpuRatio <= 1.15,
      },
      {
        aim: 'requests/s: at least 0.92 of Fastify that also sends the same two headers',
        measured: digits(same.perSecond),
        holds: same.perSecond >= 0.92,
      },
      {
        aim: 'server CPU per request: at most 1.12 of Fastify that also sends the same two headers',
        measured: digits(same.cpuMicros),
        holds: same.cpuMicros <= 1.12,
      },
    ],
  }
}

/** Returns Flowport's figures divided by Fastify's with the same handler, schema and headers, round by round. */
function besideSameAnswer(entries: readonly Entry[]): {
  readonly perSecond: number
  readonly cpuMicros: number
} {
  const samples = (name: string, key: keyof Sample) =>
    entries.find(({ server }) => server.name === name)?.samples.map((sample) => sample[key]) ?? []
  const ratio = (key: keyof Sample) =>
    spread(ratios(samples('flowport', key), samples('fastify-headers', key))).median
  return { perSecond: ratio('perSecond'), cpuMicros: ratio('cpuMicros') }
}
