/**
 * `npm run bench [name …]` measures all parts, or the named ones, each in a separate process, and prints Markdown.
 * `npm run bench -- compare <commit> [name …]` compares an old commit with this tree.
 */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { compare } from './compare/compare.ts'
import { machineFacts } from './report.ts'
import { isPart, parts } from './parts.ts'

/** A part that takes longer than this is killed, because it hangs. */
const longestMs = 600_000

const [first, commit, ...others] = process.argv.slice(2)
const isComparison = first === 'compare'
if (isComparison && commit === undefined) {
  console.error('name the commit to compare with: npm run bench -- compare <commit> [part …]')
  process.exit(2)
}
const asked = isComparison ? others : process.argv.slice(2)
const unknown = asked.filter((name) => !isPart(name))
if (unknown.length > 0) {
  console.error(`there is no part "${unknown.join('", "')}"; the parts are: ${Object.keys(parts).join(', ')}`)
  process.exit(2)
}

const names = asked.length > 0 ? asked : Object.keys(parts)
if (isComparison && commit !== undefined) {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const failed = (error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    return 2
  }
  process.exit(await compare({ root, commit, parts: names }).catch(failed))
}
console.log(`# node bench/src/run.ts${asked.map((name) => ` ${name}`).join('')}\n`)
console.log(`${new Date().toISOString().slice(0, 16)} UTC. ${machineFacts()}.\n`)
for (const name of names) if (!(await runPart(name))) process.exitCode = 1

/**
 * Runs a part and resolves to whether it succeeded. Uses a new process, so that one part's types and garbage do not slow
 * another down.
 */
function runPart(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = fork(new URL('run-part.ts', import.meta.url), [name])
    const timer = setTimeout(() => {
      console.error(`"${name}" did not end within ${longestMs / 1000} s`)
      child.kill('SIGKILL')
    }, longestMs)
    const stop = () => child.kill()
    process.once('SIGINT', stop)
    child.once('exit', (code) => {
      clearTimeout(timer)
      process.off('SIGINT', stop)
      resolve(code === 0)
    })
  })
}
