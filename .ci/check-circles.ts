/**
 * Fails when files of a package import each other in a circle, even only for types, because such files can only be read
 * together.
 */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseSync } from 'oxc-parser'

const root = resolve(import.meta.dirname, '..')
const folders = ['capabilities', 'flow', 'presets', 'host-node', 'host-workers', 'examples/*', 'bench']

/** Returns every circle, as one line with its files. */
export function findCircles(at: string = root): readonly string[] {
  const files = folders.flatMap((folder) => globSync(`${folder}/{src,test}/**/*.{ts,tsx,mts}`, { cwd: at }))
  const imports = new Map(files.map((file) => [file, importsOf(join(at, file), at)]))
  return circlesIn(imports).map((circle) => circle.toSorted().join(' <-> '))
}

/** Returns the files that a file imports with a relative path, as paths below `at`. */
function importsOf(path: string, at: string): readonly string[] {
  const { module } = parseSync(path, readFileSync(path, 'utf8'))
  const named = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) =>
      entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? []),
    ),
  ]
  return named
    .filter((name) => name.startsWith('.'))
    .map((name) => resolve(dirname(path), name).slice(at.length + 1))
}

/** Returns Tarjan's strongly connected components of more than one file, and files that import themselves. */
function circlesIn(imports: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const circles: string[][] = []
  const indexes = new Map<string, number>()
  const lowest = new Map<string, number>()
  const open: string[] = []

  function visit(file: string): number {
    const index = indexes.size
    indexes.set(file, index)
    lowest.set(file, index)
    open.push(file)
    for (const next of imports.get(file) ?? []) {
      if (!imports.has(next)) continue
      const reached = indexes.has(next) ? (open.includes(next) ? indexes.get(next) : undefined) : visit(next)
      if (reached !== undefined) lowest.set(file, Math.min(lowest.get(file) ?? index, reached))
    }
    const low = lowest.get(file) ?? index
    if (low === index) {
      const circle = open.splice(open.indexOf(file))
      if (circle.length > 1 || imports.get(file)?.includes(file)) circles.push(circle)
    }
    return low
  }

  for (const file of imports.keys()) if (!indexes.has(file)) visit(file)
  return circles
}

if (import.meta.main) {
  const circles = findCircles()
  for (const circle of circles) process.stderr.write(`${circle}\n`)
  process.stdout.write(circles.length === 0 ? 'circles: none\n' : '')
  process.exitCode = circles.length === 0 ? 0 : 1
}
