/** A process that works on an SQLite file others work on too. Prints its result as JSON. */
import './ends-with-parent.ts'
import { isKind } from '@flowport/capabilities'
import { openSqliteDrivers } from '../../src/sqlite/node/drivers.ts'

interface Args {
  readonly path: string
  readonly index: number
  readonly count: number
}

const [mode = '', json = '{}'] = process.argv.slice(2)
const args = JSON.parse(json) as Args
const drivers = await openSqliteDrivers({
  path: args.path,
  synchronous: 'NORMAL',
  busyTimeoutMs: 30_000,
  clock: { now: () => Date.now() },
})
const { kv, dedupe } = drivers
const modes: Record<string, () => unknown> = {
  open: () => 'opened',
  create,
  reserve,
  begin,
  increment,
  receive,
  write,
}
const run = modes[mode]
if (run === undefined) throw new Error(`no mode ${mode}`)
print(run())
drivers.close()

function create(): string[] {
  return won((key) => succeeded(() => kv.put(key, 'x', { ifAbsent: true })))
}

function reserve(): string[] {
  return won((key) => dedupe.reserve(key, `token-${args.index}`, 60_000))
}

function begin(): string[] {
  return won((key) => dedupe.begin(key, `token-${args.index}`, 60_000, 'same', {}).state === 'fresh')
}

function won(take: (key: string) => boolean): string[] {
  return Array.from({ length: args.count }, (_, i) => `shared/${i}`).filter(take)
}

function increment(): number {
  let lost = 0
  for (let done = 0; done < args.count; ) {
    const entry = kv.get('counter')
    if (succeeded(() => kv.put('counter', `${Number(entry?.value) + 1}`, { ifVersion: entry?.version })))
      done += 1
    else lost += 1
  }
  return lost
}

function receive(): string[] {
  const queue = drivers.queue('jobs')
  const bodies: string[] = []
  for (;;) {
    const messages = queue.receive(3, 600_000)
    if (messages.length === 0) return bodies
    for (const { id, receipt, body } of messages) {
      bodies.push(body)
      if (!queue.ack(id, receipt)) throw new Error('the receipt did not hold')
    }
  }
}

/** Writes until it is killed. */
function write(): never {
  const queue = drivers.queue('jobs')
  print('started')
  for (let i = 0; ; i++) {
    const letter = String.fromCharCode(97 + (i % 26))
    const value = letter.repeat(1 + ((i * 7919) % 50_000))
    kv.put(`key/${i % 20}`, value, { metadata: { length: value.length, first: letter, last: letter } })
    queue.send(
      Array.from({ length: 10 }, () => `${i}`),
      0,
    )
  }
}

function succeeded(call: () => unknown): boolean {
  try {
    call()
    return true
  } catch (error) {
    if (isKind(error, 'AlreadyExists', 'ConditionNotMatch')) return false
    throw error
  }
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}
