/**
 * `node bench/src/idempotency/beside.ts CHECKOUT [ROUNDS]` measures the ledger and the keyed nodes of this source and of
 * another checkout of the repository, whose packages must be installed. The two run alternately in random order.
 */
import { resolve } from 'node:path'
import { shuffled } from '../harness.ts'
import { digits, range, ratios, spread } from '../numbers.ts'
import { machineFacts, toMarkdown } from '../report.ts'
import { type Asked, PieceProcess, type Taken } from './piece-process.ts'

const [, , other, rounds = '21'] = process.argv
if (other === undefined) {
  console.error('usage: node bench/src/idempotency/beside.ts CHECKOUT [ROUNDS]')
  process.exit(2)
}

const pieces: readonly (readonly [string, Asked])[] = [
  ['begin + complete, memory', { store: 'memory', piece: 'steps', times: 8_000 }],
  ['begin + complete, sqlite', { store: 'sqlite', piece: 'steps', times: 1_000 }],
  ['a keyed node with one write, memory', { store: 'memory', piece: 'handler', times: 3_000 }],
  ['a keyed node with one write, sqlite', { store: 'sqlite', piece: 'handler', times: 700 }],
  ["the same, `begins: 'effect'`, memory", { store: 'memory', piece: 'effect', times: 3_000 }],
  ["the same, `begins: 'effect'`, sqlite", { store: 'sqlite', piece: 'effect', times: 700 }],
  ["the same, `begins: 'effect'`, sqlite, WAL FULL", { store: 'sqliteFull', piece: 'effect', times: 100 }],
]

console.log(`${machineFacts()}.\n`)
const processes = {
  here: await PieceProcess.start(resolve(import.meta.dirname, '../../..')),
  there: await PieceProcess.start(resolve(other)),
}
const rows: (readonly string[])[] = []
for (const [title, asked] of pieces) {
  const taken: Record<keyof typeof processes, Taken[]> = { here: [], there: [] }
  for (let round = -2; round < Number(rounds); round++) {
    for (const side of shuffled(['here', 'there'] as const)) {
      const sample = await processes[side].does(asked)
      // The first two rounds are for warm-up.
      if (round >= 0) taken[side].push(sample)
    }
  }
  const of = (side: keyof typeof processes, key: keyof Taken) => taken[side].map((sample) => sample[key])
  const gain = (key: keyof Taken) => range(spread(ratios(of('there', key), of('here', key))))
  const median = (side: keyof typeof processes) => digits(spread(of(side, 'cpuMicros')).median)
  rows.push([title, median('here'), median('there'), gain('cpuMicros'), gain('wallMicros')])
}
for (const one of Object.values(processes)) one.stop()
const header = ['', 'here, CPU µs', 'there, CPU µs', 'throughput here over there, by CPU', 'by the clock']
console.log(toMarkdown({ title: `This source beside ${other}`, header, rows }))
