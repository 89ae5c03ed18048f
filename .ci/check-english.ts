/** Fails when comments, test titles, messages or pages have sentences that a reader must decode. `--all` lists every hit. */
import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { allowed, errors, type Rule, warnings } from './english/rules.ts'
import { type Sentence, sentencesOf } from './english/sentences.ts'

/** Most warnings in the whole repository. Much good English is among them: the aim is 300. */
const maxWarnings = 2250

/**
 * Folders whose texts are still to be rewritten, with the most errors each may have. Lower a number when its folder has fewer;
 * any other folder may have none.
 */
const unfinished: Readonly<Record<string, number>> = {
  capabilities: 101,
  docs: 96,
  flow: 169,
  presets: 229,
}

/** Files that quote such sentences on purpose. */
const quotesThem = /^\.ci\/(?:check-english\.test\.ts|english\/)/

const root = resolve(import.meta.dirname, '..')

export interface Hit extends Sentence {
  readonly file: string
  readonly rule: Rule
}

/** Returns the hits of these rules in one text. */
export function hitsIn(file: string, text: string, rules: readonly Rule[]): readonly Hit[] {
  return sentencesOf(file, text).flatMap((sentence) => {
    const plain = allowed.reduce((rest, phrase) => rest.replace(phrase, ' '), sentence.text)
    return rules.filter(({ pattern }) => pattern.test(plain)).map((rule) => ({ file, ...sentence, rule }))
  })
}

/** Returns the hits of these rules in every file below `at`. */
export function findHits(rules: readonly Rule[], at: string = root): readonly Hit[] {
  const files = globSync('**/*.{ts,md,mjs,js,jsonc,html,css}', {
    cwd: at,
    exclude: (name) => /(?:^|\/)(?:node_modules|dist|packages)$/.test(name),
  })
  return files
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => !quotesThem.test(file))
    .flatMap((file) => hitsIn(file, readFileSync(join(at, file), 'utf8'), rules))
}

/** Returns the hits of folders that have more than they may. */
export function tooMany(
  hits: readonly Hit[],
  most: Readonly<Record<string, number>> = unfinished,
): readonly Hit[] {
  const byFolder = Map.groupBy(hits, ({ file }) => file.split('/')[0] ?? '')
  return [...byFolder].flatMap(([folder, found]) => (found.length > (most[folder] ?? 0) ? found : []))
}

if (process.argv[1] === import.meta.filename) {
  const show = ({ file, line, rule, text }: Hit) =>
    `${file}:${line} ${rule.name}: ${text.slice(0, 200)} (${rule.advice})\n`
  const found = findHits(errors)
  const failing = tooMany(found)
  for (const hit of failing) process.stderr.write(show(hit))
  const warned = findHits(warnings)
  if (process.argv.includes('--all')) for (const hit of [...found, ...warned]) process.stdout.write(show(hit))
  process.stdout.write(
    `english: ${found.length} errors, ${found.length - failing.length} of them in folders still to be rewritten; ${warned.length} warnings of at most ${maxWarnings}\n`,
  )
  process.exitCode = failing.length === 0 && warned.length <= maxWarnings ? 0 : 1
}
