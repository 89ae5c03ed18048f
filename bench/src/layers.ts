/** Measures what layers add to a successful operation: `kv.get` on the memory driver, bare and wrapped. */
import {
  circuitBreaker,
  createKeyValue,
  type Layer,
  logging,
  readOnly,
  retry,
  silentLogger,
  timeout,
} from '@flowport/capabilities'
import { memoryKvDriver } from '@flowport/capabilities/memory'
import { type Candidate, compare, named } from './harness.ts'
import { digits } from './numbers.ts'
import { type Aim, comparisonTable, type Report } from './report.ts'

const bare = 'bare'
const log = silentLogger
const breaker = () => circuitBreaker({ failures: 5, resetAfterMs: 1_000 })

const stacks: Readonly<Record<string, () => readonly Layer[]>> = {
  [bare]: () => [],
  logging: () => [logging({ log })],
  retry: () => [retry({ log })],
  circuitBreaker: () => [breaker()],
  readOnly: () => [readOnly()],
  timeout: () => [timeout({ timeoutMs: 2_000 })],
  'logging, retry, circuitBreaker': () => [logging({ log }), retry({ log }), breaker()],
  'logging, retry, readOnly': () => [logging({ log }), retry({ log }), readOnly()],
  'logging, retry, timeout': () => [logging({ log }), retry({ log }), timeout({ timeoutMs: 2_000 })],
  'logging, retry, timeout, circuitBreaker': () => [
    logging({ log }),
    retry({ log }),
    timeout({ timeoutMs: 2_000 }),
    breaker(),
  ],
}

export async function measure(): Promise<Report> {
  const measured = await compare({
    reference: bare,
    expected: value,
    rounds: 15,
    candidates: await Promise.all(Object.entries(stacks).map(([name, layers]) => candidate(name, layers()))),
  })
  return {
    tables: [
      comparisonTable('`await kv.get(key)` on the memory driver', measured, {
        unit: 'ns',
        notes: [
          "All stacks live in one process, so the layers' call sites are as polymorphic as in an app with several stores.",
        ],
      }),
    ],
    aims: ['logging, retry, circuitBreaker', 'logging, retry, readOnly'].map((name): Aim => {
      const { overNs } = named(measured, name)
      return { aim: `${name}: at most 100 ns added`, measured: `${digits(overNs)} ns`, holds: overNs <= 100 }
    }),
  }
}

const value = 'x'.repeat(100)

async function candidate(name: string, layers: readonly Layer[]): Promise<Candidate<string | null>> {
  const driver = memoryKvDriver()
  await driver.put('key', value, {})
  const store = createKeyValue(driver, { layers })
  return {
    name,
    async run(times) {
      let found: string | null = null
      for (let i = 0; i < times; i++) found = await store.get('key')
      return found
    },
  }
}
