/**
 * Compares Workers in workerd on this machine: `/echo` with bare Hono, and stores with their raw bindings. Only the ratios are
 * meaningful.
 */
import { deepStrictEqual } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type RunningWorkerd, serveWorkerd } from '@flowport/host-workers/testing'
import autocannon from 'autocannon'
import { createTestHarness } from 'wrangler'
import { shuffled } from './harness.ts'
import { digits, range, ratios, type Spread, spread } from './numbers.ts'
import type { Aim, Report, Table } from './report.ts'

export async function measure(): Promise<Report> {
  const echo = await measureEcho()
  const stores = await measureStores(work)
  return { tables: [...echo.tables, ...stores.tables], aims: [...echo.aims, ...stores.aims] }
}

const sent = `  ${'Cafe\u0301  au   lait, re\u0301sume\u0301,\tnaïve words. '.repeat(4)} `
const normal = sent.normalize('NFC').trim().replaceAll(/\s+/gu, ' ')
const wanted = JSON.stringify({ value: normal, length: [...normal].length })
const body = JSON.stringify({ value: sent })
const headers = { 'content-type': 'application/json' }
const connections = 32
const rounds = 15

interface Sample {
  readonly perSecond: number
  readonly cpuMicros: number
}

async function measureEcho(): Promise<Report> {
  const names = {
    hono: 'bare Hono, the same handler and schema',
    flowport: 'Flowport, `createWorker`',
    'hono-headers': 'bare Hono, the same handler, schema and two headers',
  } as const
  const entries: { name: keyof typeof names; worker: RunningWorkerd; samples: Sample[] }[] = []
  try {
    for (const name of ['hono', 'flowport', 'hono-headers'] as const) {
      const worker = await serveWorkerd(resolve(import.meta.dirname, `workers/${name}.ts`), { edge: false })
      entries.push({ name, worker, samples: [] })
      const answer = await fetch(`${worker.url}/echo`, { method: 'POST', headers, body })
      deepStrictEqual([answer.status, await answer.text()], [200, wanted])
      await load(worker, { amount: 20_000 })
    }
    for (let round = 0; round < rounds; round++)
      for (const { worker, samples } of shuffled(entries)) samples.push(await load(worker, { duration: 1 }))
    const base = entries[0]?.samples ?? []
    const rows = entries.map(({ name, samples }) => {
      const of = (key: keyof Sample) => samples.map((sample) => sample[key])
      const ratio = (key: keyof Sample) =>
        spread(
          ratios(
            of(key),
            base.map((sample) => sample[key]),
          ),
        ).median
      return {
        name,
        rate: spread(of('perSecond')),
        rateRatio: ratio('perSecond'),
        cpu: spread(of('cpuMicros')),
        cpuRatio: ratio('cpuMicros'),
      }
    })
    const [, ours, same] = rows
    if (ours === undefined || same === undefined) throw new Error('not all were measured')
    const besideSameAnswer = (key: keyof Sample) =>
      spread(
        ratios(
          entries[1]?.samples.map((sample) => sample[key]) ?? [],
          entries[2]?.samples.map((sample) => sample[key]) ?? [],
        ),
      ).median
    const beside = besideSameAnswer('perSecond')
    const cpuBeside = besideSameAnswer('cpuMicros')
    return {
      tables: [
        {
          title: `POST /echo in workerd, ${connections} connections, ${rounds} rounds of 1 s`,
          header: ['', 'requests/s [min–max]', '×', 'workerd CPU µs/request [min–max]', 'CPU ×'],
          rows: rows.map(({ name, rate, rateRatio, cpu, cpuRatio }) => [
            names[name],
            range(rate),
            digits(rateRatio),
            range(cpu),
            digits(cpuRatio),
          ]),
          notes: ['Every answer had status 200 and the expected body.'],
        },
      ],
      aims: [
        {
          aim: '/echo: at least 0.9 of the requests of bare Hono',
          measured: digits(ours.rateRatio),
          holds: ours.rateRatio >= 0.9,
        },
        {
          aim: '/echo: at least 0.95 of the requests of bare Hono that sends the same headers',
          measured: digits(beside),
          holds: beside >= 0.95,
        },
        {
          aim: '/echo: at most 1.08 of the CPU of bare Hono that sends the same headers',
          measured: digits(cpuBeside),
          holds: cpuBeside <= 1.08,
        },
      ],
    }
  } finally {
    for (const { worker } of entries) await worker.close()
  }
}

async function load(
  worker: RunningWorkerd,
  bound: { amount: number } | { duration: number },
): Promise<Sample> {
  const before = cpuMicros(worker.pid)
  const result = await autocannon({
    url: `${worker.url}/echo`,
    method: 'POST',
    headers,
    body,
    connections,
    ...bound,
    sampleInt: 100,
    expectBody: wanted,
  })
  const failed = result.non2xx + result.errors + result.timeouts + result.mismatches
  if (failed > 0 || result['2xx'] === 0) throw new Error(`${failed} failed or wrong answers`)
  return {
    perSecond: result['2xx'] / result.duration,
    cpuMicros: (cpuMicros(worker.pid) - before) / result['2xx'],
  }
}

/** Reads user and system time of a process from Linux's `/proc`, in ticks of 10 ms. */
function cpuMicros(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

const work = [
  ['KV get of 1 KiB', 'kv raw', 'kv flowport', 'raw binding', 'preset and layers', 200],
  [
    'begin + complete',
    'steps raw',
    'steps flowport',
    'two raw RPC calls, a statement each',
    'the ledger',
    60,
  ],
] as const

/** Compares the ledger in a Durable Object with raw calls of a Durable Object. */
export function measureSteps(): Promise<Report> {
  return measureStores(work.filter(([title]) => title === 'begin + complete'))
}

async function measureStores(asked: readonly (typeof work)[number][]): Promise<Report> {
  const harness = createTestHarness({
    root: resolve(import.meta.dirname, '../workers'),
    workers: [{ configPath: 'wrangler.jsonc' }],
  })
  const tables: Table[] = []
  const aims: Aim[] = []
  try {
    const { url } = await harness.listen()
    const ask = async (name: string, times: number) => {
      const response = await fetch(new URL(`/?name=${encodeURIComponent(name)}&times=${times}`, url))
      if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`)
      return ((await response.json()) as { ms: number }).ms / times
    }
    for (const [title, rawWork, ourWork, rawName, ourName, times] of asked) {
      const samples: Record<string, number[]> = { [rawWork]: [], [ourWork]: [] }
      for (const name of [rawWork, ourWork]) await ask(name, times)
      for (let round = 0; round < 11; round++)
        for (const name of shuffled([rawWork, ourWork])) samples[name]?.push((await ask(name, times)) * 1000)
      const raw = samples[rawWork] ?? []
      const ours = samples[ourWork] ?? []
      const ratio = spread(ratios(ours, raw)).median
      const over = spread(ours.map((value, round) => value - (raw[round] ?? Number.NaN))).median
      const row = (name: string, value: Spread, times: string, more: string) => [
        name,
        range(value),
        times,
        more,
      ]
      tables.push({
        title: `${title}, one after another, in a Worker`,
        header: ['', 'µs [min–max]', '×', 'over the reference, µs'],
        rows: [
          row(rawName, spread(raw), '1.00', '–'),
          row(ourName, spread(ours), digits(ratio), digits(over)),
        ],
      })
    }
    return { tables, aims }
  } finally {
    await harness.close()
  }
}
