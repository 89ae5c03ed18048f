/** Processes charge through one ledger file while they are killed, or stopped for longer than their lease. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, expect, it } from 'vitest'
import type { ChargingProcessOptions, Said } from './support/once/charging-process.ts'
import { tempFolder } from './support/temp-folder.ts'

const script = join(import.meta.dirname, 'support/once/charging-process.ts')
const lease = 1_000

const running: ChildProcess[] = []
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
})

type Options = Pick<ChargingProcessOptions, 'begins' | 'waits'>

function files() {
  const folder = tempFolder()
  const charges = join(folder, 'charges')
  return {
    where: { path: join(folder, 'ledger.sqlite'), charges, lease },
    /** Returns how often the order was charged. */
    charged: () => (existsSync(charges) ? readFileSync(charges, 'utf8').split('\n').length - 1 : 0),
  }
}

function start(options: ChargingProcessOptions) {
  const child = spawn(process.execPath, [script, JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  running.push(child)
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    child,
    async next(): Promise<Said> {
      const { value } = await lines.next()
      if (value === undefined) throw new Error('the process has ended')
      return JSON.parse(value) as Said
    },
  }
}

/** Starts a process, sends it a signal at its waiting point, and lets another process charge. */
async function interrupted(how: NodeJS.Signals, options: Options) {
  const { where, charged } = files()
  const first = start({ ...where, ...options })
  expect(await first.next()).toEqual({ waits: options.waits })
  first.child.kill(how)
  // The second process waits for the end of the first one's lease.
  const second = await start({ ...where, begins: options.begins }).next()
  return { where, charged, first, second }
}

/** Resumes a stopped process. */
async function goOn({ child, next }: ReturnType<typeof start>): Promise<Said> {
  child.kill('SIGCONT')
  child.stdin?.write('\n')
  return next()
}

it('a process stopped before the charge for longer than its lease does not charge in addition to its successor', async () => {
  const { charged, first, second } = await interrupted('SIGSTOP', {
    begins: 'effect',
    waits: 'before the charge',
  })
  expect(second).toEqual({ answer: 'charged', aborted: false })
  expect(await goOn(first)).toEqual({ answer: 'IDEM_LEASE_LOST', aborted: true })
  expect(charged()).toBe(1)
})

it('a process stopped after the charge leaves it unknown until it resumes', async () => {
  const { where, charged, first, second } = await interrupted('SIGSTOP', {
    begins: 'handler',
    waits: 'after the charge',
  })
  expect(second).toEqual({ answer: 'IDEM_UNKNOWN', aborted: false })
  expect(await goOn(first)).toMatchObject({ answer: 'charged' })
  expect(await start({ ...where, begins: 'handler' }).next()).toMatchObject({ answer: 'charged' })
  expect(charged()).toBe(1)
})

it('a process killed after the charge leaves it unknown', async () => {
  const { where, charged, second } = await interrupted('SIGKILL', {
    begins: 'handler',
    waits: 'after the charge',
  })
  expect(second).toMatchObject({ answer: 'IDEM_UNKNOWN' })
  expect(await start({ ...where, begins: 'handler' }).next()).toMatchObject({ answer: 'IDEM_UNKNOWN' })
  expect(charged()).toBe(1)
})

it('a process killed before the charge leaves the key free if the start of the effect is recorded', async () => {
  const { charged, second } = await interrupted('SIGKILL', { begins: 'effect', waits: 'before the charge' })
  expect(second).toMatchObject({ answer: 'charged' })
  expect(charged()).toBe(1)
})
