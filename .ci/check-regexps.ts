/** Fails when a regular expression in the sources can take more than linear time on a long text. */
import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Expression as Expr, parseSync, Visitor } from 'oxc-parser'

// The JavaScript build of recheck gives the same verdicts on every machine and needs no Java.
process.env['RECHECK_BACKEND'] ??= 'pure'
const { check } = await import('recheck')

/** Folders whose code handles untrusted text. */
const folders = [
  'capabilities',
  'flow',
  'presets',
  'host-node',
  'host-workers',
  'examples/flows',
  'examples/gateway',
  'examples/browser',
]

const root = resolve(import.meta.dirname, '..')

interface Expression {
  readonly file: string
  readonly line: number
  readonly pattern: string
  readonly flags: string
}

/**
 * Files with expressions built at run time, which this check cannot read, each with the reason why the expression is linear.
 */
export const builtAtRunTime: Readonly<Record<string, string>> = {
  'capabilities/src/lib/testing/blob/keys.ts': 'a pattern of the tests themselves',
  'flow/src/lib/http/route.ts': 'a route of the app: segments of [^/]+ between slashes',
  'presets/src/opfs-browser/duckdb/glob.ts': 'one character class against one character',
}

/** Returns every slow expression below `at`, one line each, with a text that demonstrates it. */
export async function findSlowExpressions(at: string = root): Promise<readonly string[]> {
  const found: string[] = []
  const verdicts = new Map<string, string | undefined>()
  const { expressions, unread } = expressionsBelow(at)
  for (const file of unread) {
    if (builtAtRunTime[file] === undefined)
      found.push(`${file}: new RegExp of a text built at run time: add the reason why it is linear`)
  }
  for (const expression of expressions) {
    const { file, line, pattern, flags } = expression
    const key = `${flags}/${pattern}`
    if (!verdicts.has(key)) verdicts.set(key, await verdictOf(expression))
    const fault = verdicts.get(key)
    if (fault !== undefined) found.push(`${file}:${line} /${pattern}/${flags} ${fault}`)
  }
  return found
}

async function verdictOf({ pattern, flags }: Expression): Promise<string | undefined> {
  const result = await check(pattern, flags, { timeout: 60_000, randomSeed: 1 })
  if (result.status === 'safe') return undefined
  if (result.status === 'unknown') return `could not be checked: ${result.error.kind}`
  // For expressions with lookaround or backreferences, recheck only runs attack texts on another engine, so its verdict is
  // verified here.
  if (result.checker === 'fuzz' && !isSlowHere(new RegExp(pattern, flags), result.attack.string))
    return undefined
  return `is ${result.complexity.summary}, for example on ${result.attack.pattern}`
}

/**
 * Whether an expression is slow in this engine. Attack texts have 100,000 characters or more, which take milliseconds in linear
 * time and many seconds in quadratic time.
 */
function isSlowHere(expression: RegExp, attack: string): boolean {
  const start = performance.now()
  attack.replace(expression, '')
  return performance.now() - start > 1000
}

/** Returns the expressions in the sources, and the files with expressions built at run time. */
function expressionsBelow(at: string) {
  const expressions: Expression[] = []
  const unread = new Set<string>()
  for (const folder of folders) {
    for (const name of globSync('src/**/*.ts', { cwd: join(at, folder) })) {
      if (/\.test\.ts$|(?:^|\/)test\//.test(name)) continue
      const file = `${folder}/${name}`
      readExpressions(file, readFileSync(join(at, file), 'utf8'), expressions, unread)
    }
  }
  return { expressions, unread }
}

function readExpressions(file: string, text: string, expressions: Expression[], unread: Set<string>): void {
  const lineOf = (offset: number) => text.slice(0, offset).split('\n').length
  new Visitor({
    Literal(node) {
      if ('regex' in node) expressions.push({ file, line: lineOf(node.start), ...node.regex })
    },
    NewExpression({ callee, arguments: given, start }) {
      if (callee.type !== 'Identifier' || callee.name !== 'RegExp') return
      const [source, flags] = given.map((argument) =>
        argument.type === 'SpreadElement' ? undefined : textOf(argument),
      )
      if (source === undefined) unread.add(file)
      else expressions.push({ file, line: lineOf(start), pattern: source, flags: flags ?? '' })
    },
  }).visit(parseSync(file, text).program)
}

/** Returns the text of a constant expression: a string literal, `String.raw`, or a joined array of these. */
function textOf(node: Expr): string | undefined {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : undefined
  if (node.type === 'TaggedTemplateExpression') {
    const [only, ...more] = node.quasi.quasis
    return more.length === 0 ? only?.value.raw : undefined
  }
  if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') return undefined
  const { object, property } = node.callee
  if (object.type !== 'ArrayExpression' || property.type !== 'Identifier' || property.name !== 'join')
    return undefined
  const parts = object.elements.map((part) =>
    part === null || part.type === 'SpreadElement' ? undefined : textOf(part),
  )
  const [separator] = node.arguments
  const between = separator?.type === 'Literal' && typeof separator.value === 'string' ? separator.value : ','
  return parts.includes(undefined) ? undefined : parts.join(between)
}

if (import.meta.main) {
  const slow = await findSlowExpressions()
  for (const line of slow) console.error(line)
  console.log(`regular expressions: ${slow.length === 0 ? 'all take linear time' : `${slow.length} to fix`}`)
  if (slow.length > 0) process.exitCode = 1
}
