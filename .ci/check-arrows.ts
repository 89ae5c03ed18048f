/** Fails when an import or a manifest points the wrong way, leaves its package, or imports Node modules into web code. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'

interface Rule {
  readonly folder: string
  /** Workspace packages that the folder may import. */
  readonly may: readonly string[]
  /** Files that may import `node:` modules, as `x.node.ts` and folders named `node`; everything else is web code. */
  readonly node: RegExp | 'all' | 'none'
}

const capabilities = '@flowport/capabilities'
const flow = '@flowport/flow'
const presets = '@flowport/presets'
const hosts = ['@flowport/host-node', '@flowport/host-workers']
const everything = [
  capabilities,
  flow,
  presets,
  ...hosts,
  '@flowport-examples/flows',
  '@flowport-examples/gateway',
]

/**
 * Arrows: examples, bench -> hosts -> flow and presets -> capabilities. Flow and presets do not import each other; neither do
 * the hosts.
 */
const rules: readonly Rule[] = [
  { folder: 'capabilities', may: [], node: /^src\/(lib\/)?context\.ts$/ },
  { folder: 'flow', may: [capabilities], node: 'none' },
  {
    folder: 'presets',
    may: [capabilities],
    node: /^src\/(.*\/)?([^/]*\.node\.ts$|node\/)/,
  },
  { folder: 'host-node', may: [capabilities, flow, presets], node: 'all' },
  {
    folder: 'host-workers',
    may: [capabilities, flow, presets],
    node: /^src\/(testing\.ts|lib\/testing\/)/,
  },
  { folder: 'examples/flows', may: [capabilities, flow, presets], node: 'none' },
  { folder: 'examples/gateway', may: [], node: 'all' },
  {
    folder: 'examples/node',
    may: everything.filter((name) => name !== '@flowport/host-workers'),
    node: 'all',
  },
  // Its tests compare the two hosts.
  { folder: 'examples/workers', may: everything, node: /^(start\.ts$|test\/)/ },
  {
    folder: 'examples/browser',
    may: everything.filter((name) => name !== '@flowport/host-node'),
    node: /^(start|build|vite\.config)\.ts$/,
  },
  { folder: 'bench', may: everything, node: 'all' },
]

const root = resolve(import.meta.dirname, '..')

/** Returns every import and manifest entry that points the wrong way, one line each. */
export function findWrongArrows(at: string = root): readonly string[] {
  return rules.flatMap((rule) => [...wrongManifest(at, rule), ...wrongImports(at, rule)])
}

function wrongManifest(at: string, { folder, may }: Rule): readonly string[] {
  const manifest = JSON.parse(readFileSync(join(at, folder, 'package.json'), 'utf8')) as Record<
    string,
    Record<string, string>
  >
  const named = ['dependencies', 'peerDependencies', 'optionalDependencies'].flatMap((kind) =>
    Object.keys(manifest[kind] ?? {}),
  )
  return named
    .filter((name) => name.startsWith('@flowport') && !may.includes(name))
    .map((name) => `${folder}/package.json: must not depend on ${name}`)
}

function wrongImports(at: string, { folder, may, node }: Rule): readonly string[] {
  const home = join(at, folder)
  return globSync('{src,test}/**/*.{ts,tsx,mts}', { cwd: home }).flatMap((file) => {
    const place = file.split(sep).join('/')
    const isTest = /\.test(-d)?\.ts$|(^|\/)test\//.test(place)
    return importsOf(readFileSync(join(home, file), 'utf8')).flatMap((target) => {
      const wrong = reasonAgainst(target, {
        home,
        file,
        isTest,
        may,
        node: node === 'all' || isTest || (node !== 'none' && node.test(place)),
      })
      return wrong === null ? [] : [`${folder}/${place}: ${wrong}`]
    })
  })
}

interface Place {
  readonly home: string
  readonly file: string
  readonly isTest: boolean
  readonly may: readonly string[]
  readonly node: boolean
}

function reasonAgainst(target: string, { home, file, isTest, may, node }: Place): string | null {
  if (target.startsWith('.')) {
    const path = relative(home, resolve(home, dirname(file), target))
    return path.startsWith('..') ? `imports ${target}, which is outside its package` : null
  }
  if (target.startsWith('#')) return reasonAgainstOwn(target, home)
  if (target.startsWith('node:')) return node ? null : `imports ${target}; this is web code`
  if (!target.startsWith('@flowport')) return null
  const name = target.split('/').slice(0, 2).join('/')
  const own = (JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { name: string }).name
  if (name === own) return isTest ? null : `imports itself as ${target}; use a relative path`
  // Tests may import other packages that the manifest lists in `devDependencies`.
  if (
    isTest &&
    everything.includes(name) &&
    (
      JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { devDependencies?: object }
    ).devDependencies?.hasOwnProperty(name)
  )
    return null
  return may.includes(name) ? null : `imports ${target}; the arrow points the other way`
}

/** `#…` names a file of the same package for each runtime; the manifest declares it under `imports`. */
function reasonAgainstOwn(target: string, home: string): string | null {
  const { imports = {} } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as {
    imports?: Record<string, Record<string, string>>
  }
  const variants = imports[target]
  if (variants === undefined) return `imports ${target}, which package.json does not declare under "imports"`
  const missing = Object.values(variants).find((file) => !existsSync(join(home, file)))
  return missing === undefined
    ? null
    : `imports ${target}; package.json names ${missing}, which does not exist`
}

function importsOf(source: string): readonly string[] {
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s*['"]([^'"]+)['"]|(?:^|\n)\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g
  return [...source.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? match[3] ?? '')
}

if (process.argv[1] === import.meta.filename) {
  const wrong = findWrongArrows()
  for (const line of wrong) process.stderr.write(`${line}\n`)
  process.stdout.write(wrong.length === 0 ? `arrows: ${rules.length} packages, all point one way\n` : '')
  process.exitCode = wrong.length === 0 ? 0 : 1
}
