/** Generates an app of many flows, and the same schemas without flows, to compare the cost of type-checking. */

/** Number of nodes per flow. Each has a schema for its input and one for its output. */
const nodesEach = 3

/** Returns the schemas of `flows` flows in one file, and for each flow a file of plain functions that use them. */
export function schemasAlone(flows: number): Readonly<Record<string, string>> {
  const files = numbers(flows).map((i) => [`functions-${i}.ts`, functionsFile(i)] as const)
  return { 'schemas.ts': schemas(flows), ...Object.fromEntries(files) }
}

/** Returns the same schemas, for each flow a file with three nodes and the flow, and one `app.ts` with a profile. */
export function appOf(flows: number): Readonly<Record<string, string>> {
  const all = numbers(flows)
  const files = all.map((i) => [`flow-${i}.ts`, flowFile(i)] as const)
  const app = [
    `import { defineApp } from '@flowport/flow'`,
    `import { memory } from '@flowport/presets/memory'`,
    ...all.map((i) => `import { flow${i} } from './flow-${i}.ts'`),
    `export default defineApp({ flows: [${all.map((i) => `flow${i}`).join(', ')}], profiles: { local: [memory()] } })`,
    '',
  ].join('\n')
  return { 'schemas.ts': schemas(flows), ...Object.fromEntries(files), 'app.ts': app }
}

function schemas(flows: number): string {
  const declared = numbers(flows).flatMap((i) => [
    `export const In${i} = z.object({ id: z.string(), amount: z.number().positive(), urgent: z.boolean(), tags: z.array(z.string()).optional() })`,
    ...numbers(nodesEach).map(
      (n) =>
        `export const Out${i}x${n} = z.object({ id: z.string(), urgent: z.boolean(), amount: z.number(), step${n}: z.string(), lines: z.array(z.object({ sku: z.string(), count: z.number().int() })) })`,
    ),
  ])
  const stores = [
    `export interface Store { put(key: string, value: string): Promise<void> }`,
    `export interface Fetch { fetch(url: string): Promise<unknown> }`,
  ]
  return [`import * as z from 'zod'`, ...stores, ...declared, ''].join('\n')
}

function functionsFile(i: number): string {
  return `import type { Fetch, Store } from './schemas.ts'
import type * as z from 'zod'
import type { In${i}, Out${i}x0, Out${i}x1, Out${i}x2 } from './schemas.ts'

export const check${i} = ({ id, urgent, amount }: z.output<typeof In${i}>): z.input<typeof Out${i}x0> => ({
  id,
  urgent,
  amount,
  step0: 'checked',
  lines: [],
})

export async function save${i}(
  { id, urgent, amount, lines }: z.output<typeof Out${i}x0>,
  { kv }: { kv: Store },
): Promise<z.input<typeof Out${i}x1>> {
  await kv.put(id, step1)
  return { id, urgent, amount, step1, lines }
}
const step1 = 'saved'

export async function charge${i}(
  { id, urgent, amount, lines }: z.output<typeof Out${i}x1>,
  { http }: { http: Fetch },
): Promise<z.input<typeof Out${i}x2>> {
  await http.fetch('https://charges.example/' + id)
  return { id, urgent, amount, step2: 'charged', lines }
}
`
}

function flowFile(i: number): string {
  const outs = numbers(nodesEach).map((n) => `Out${i}x${n}`)
  return `import { flow, http, node } from '@flowport/flow'
import { In${i}, ${outs.join(', ')} } from './schemas.ts'

const check${i} = node('check-${i}', {
  input: In${i},
  output: Out${i}x0,
  run: ({ id, urgent, amount }) => ({ id, urgent, amount, step0: 'checked', lines: [] }),
})

const save${i} = node('save-${i}', {
  input: Out${i}x0,
  output: Out${i}x1,
  uses: { kv: { access: 'write', consistency: 'strong' } },
  idempotency: 'natural',
  async run({ id, urgent, amount, lines }, { kv }) {
    await kv.put(id, step1)
    return { id, urgent, amount, step1, lines }
  },
})
const step1 = 'saved'

const charge${i} = node('charge-${i}', {
  input: Out${i}x1,
  output: Out${i}x2,
  uses: { http: 'write' },
  idempotency: { key: '/id', unknown: 'never' },
  async run({ id, urgent, amount, lines }, { http }) {
    await http.fetch('https://charges.example/' + id)
    return { id, urgent, amount, step2: 'charged', lines }
  },
})

export const flow${i} = flow('flow-${i}', {
  trigger: http.post('/flows/${i}', { input: In${i} }),
  graph: (input, step) => {
    const saved = step(save${i}, step(check${i}, input))
    return step.if(saved, '/urgent', (it) => step(charge${i}, it), (it) => it)
  },
})
`
}

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i)
}
