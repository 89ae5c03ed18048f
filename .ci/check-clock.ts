/**
 * Fails when the runtime or a host's deliveries read time, start timers or generate random numbers directly. They must use the
 * clock, random generator and digest that are passed in, so that a run can be repeated exactly.
 */
import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseSync, Visitor } from 'oxc-parser'

const root = resolve(import.meta.dirname, '..')

const sources = [
  'flow/src/**/*.ts',
  'host-node/src/lib/delivery/*.ts',
  'host-workers/src/lib/deliver.ts',
  'capabilities/src/lib/{blob,cache,clock,db,dedupe,kv,layers,memory,queue,state}/**/*.ts',
]

/** Files that may use raw time or randomness, each with the reason. */
const origins: Readonly<Record<string, string>> = {
  'capabilities/src/lib/clock/after-timers.ts': 'the timers of the system clock',
  'flow/src/lib/runtime/runtime.ts': 'the default digest',
  'flow/src/lib/simulation/drain.ts': 'the turn of the platform between two simulated events',
  'capabilities/src/lib/state/transaction.ts': 'tokens of transactions: state stores take no randomness yet',
}

const globals = new Set(['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval'])
const members = new Set([
  'AbortSignal.timeout',
  'Date.now',
  'performance.now',
  'Math.random',
  'crypto.getRandomValues',
  'crypto.randomUUID',
  'crypto.subtle.digest',
])
const modules = /^(?:node:)?(?:timers|timers\/promises|crypto)$|^uuid$/

/** Returns every use of raw time or randomness, one line each. */
export function findRawTime(at: string = root): readonly string[] {
  return sources.flatMap((pattern) =>
    globSync(pattern, { cwd: at })
      .filter((file) => !/\.test\.ts$|\/testing\//.test(file) && origins[file] === undefined)
      .toSorted()
      .flatMap((file) => findIn(file, readFileSync(join(at, file), 'utf8'))),
  )
}

function findIn(file: string, text: string): readonly string[] {
  const found: string[] = []
  const report = (start: number, what: string) => {
    found.push(
      `${file}:${text.slice(0, start).split('\n').length} uses ${what}: use the clock, randomness or digest that is passed in`,
    )
  }
  const { program, module } = parseSync(file, text)
  for (const { moduleRequest, entries } of module.staticImports) {
    // UUIDs of version 5 are derived from a name, so they are not random.
    const names = entries.map(({ importName }) => importName.name)
    if (modules.test(moduleRequest.value) && !names.every((name) => name === 'v5'))
      report(moduleRequest.start, moduleRequest.value)
  }
  new Visitor({
    CallExpression({ callee, start }) {
      if (callee.type === 'Identifier' && globals.has(callee.name)) report(start, callee.name)
    },
    MemberExpression(node) {
      const path = text.slice(node.start, node.end).replace(/^globalThis\./, '')
      if (members.has(path)) report(node.start, path)
    },
    NewExpression({ callee, arguments: given, start }) {
      if (callee.type === 'Identifier' && callee.name === 'Date' && given.length === 0)
        report(start, 'new Date()')
    },
  }).visit(program)
  return found
}

if (import.meta.main) {
  const found = findRawTime()
  for (const line of found) process.stderr.write(`${line}\n`)
  process.stdout.write(found.length === 0 ? 'clock: time and randomness are passed in\n' : '')
  process.exitCode = found.length === 0 ? 0 : 1
}
