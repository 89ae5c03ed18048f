/** A folder with the packages' declarations, in which TypeScript 5.9 and 7 compile small apps as in a user's project. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../../..')

/** The supported compilers. Version 7 also checks Flowport itself. */
export const compilers = { '5.9': 'typescript-5.9/bin/tsc', '7.0': 'typescript/bin/tsc' } as const
export type Compiler = keyof typeof compilers

/** Entries that a fixture's app may import, each with its source file. */
const entries = {
  '@flowport/capabilities': 'capabilities/src/index.ts',
  '@flowport/flow': 'flow/src/index.ts',
  '@flowport/presets/cloudflare-kv': 'presets/src/cloudflare-kv/preset.ts',
  '@flowport/presets/http': 'presets/src/http/preset.ts',
  '@flowport/presets/memory': 'presets/src/memory/preset.ts',
} as const

export interface Workspace extends AsyncDisposable {
  /** Type-checks files, given as name to text, without emitting. */
  check(compiler: Compiler, files: Readonly<Record<string, string>>): Promise<Checked>
}

export interface Checked {
  /** Output of `tsc`: one finding per line, followed by its indented details. */
  readonly output: string
  /** Number of type instantiations, the same in every run. */
  readonly instantiations: number
  readonly checkSeconds: number
}

/** Emits the declarations into a new folder. The caller must dispose of the workspace. */
export async function createWorkspace(): Promise<Workspace> {
  const folder = await mkdtemp(join(tmpdir(), 'flowport-types-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
    await writeFile(join(folder, 'declarations.json'), JSON.stringify(declarationsConfig(folder)))
    const { output } = await tsc('7.0', ['-p', join(folder, 'declarations.json')])
    if (output !== '') throw new Error(`the packages do not compile:\n${output}`)
  } catch (error) {
    await remove()
    throw error
  }
  let runs = 0
  return {
    async check(compiler, files) {
      runs += 1
      const own = join(folder, `run-${runs}`)
      await mkdir(own)
      for (const [name, text] of Object.entries(files)) await writeFile(join(own, name), text)
      await writeFile(join(own, 'tsconfig.json'), JSON.stringify(await appConfig(folder)))
      // Parallel checkers would each count the types that they share.
      const one = compiler === '7.0' ? ['--singleThreaded'] : []
      const { output } = await tsc(compiler, [
        '-p',
        own,
        '--extendedDiagnostics',
        '--pretty',
        'false',
        ...one,
      ])
      await rm(own, { recursive: true })
      return {
        output: output.split(/^Files:/m)[0] ?? '',
        instantiations: figure(output, /^Instantiations:\s+([\d,]+)/m),
        checkSeconds: figure(output, /^Check time:\s+([\d.]+)s/m),
      }
    },
    [Symbol.asyncDispose]: remove,
  }
}

function declarationsConfig(folder: string) {
  return {
    extends: join(root, 'tsconfig.base.json'),
    compilerOptions: {
      composite: false,
      declarationMap: false,
      emitDeclarationOnly: true,
      noUnusedLocals: false,
      noUnusedParameters: false,
      rootDir: root,
      outDir: join(folder, 'packages'),
      types: ['node'],
      typeRoots: [join(root, 'node_modules/@types')],
      // Sources reached through node_modules would count as external and would not always be emitted.
      paths: {
        '@flowport/capabilities': [join(root, 'capabilities/src/index.ts')],
        '@flowport/capabilities/*': [join(root, 'capabilities/src/*.ts')],
      },
    },
    files: Object.values(entries).map((file) => join(root, file)),
  }
}

async function appConfig(folder: string) {
  const paths = Object.fromEntries(
    Object.entries(entries).map(([name, file]) => [
      name,
      [join(folder, 'packages', file.replace(/\.ts$/, '.d.ts'))],
    ]),
  )
  const outside = { zod: 'flow', '@standard-schema/spec': 'flow', 'json-schema-typed/draft-2020-12': 'flow' }
  for (const [name, folderOf] of Object.entries(outside)) {
    const types = await typesOf(name, join(root, folderOf))
    if (types !== undefined) paths[name] = [types]
  }
  return {
    extends: join(root, 'tsconfig.base.json'),
    compilerOptions: {
      composite: false,
      noEmit: true,
      skipLibCheck: true,
      noUnusedLocals: false,
      types: [],
      paths,
    },
    include: ['*.ts'],
  }
}

async function typesOf(name: string, from: string): Promise<string | undefined> {
  try {
    const manifest = join(from, 'node_modules', name, 'package.json')
    const { types } = JSON.parse(await readFile(manifest, 'utf8')) as { readonly types?: string }
    return types === undefined ? undefined : join(dirname(manifest), types)
  } catch {
    return undefined
  }
}

function figure(output: string, pattern: RegExp): number {
  const text = pattern.exec(output)?.[1]
  if (text === undefined) throw new Error(`tsc did not print ${pattern.source}:\n${output}`)
  return Number(text.replaceAll(',', ''))
}

/** Runs a compiler. Exit codes 1 and 2 mean findings; a killed or crashed compiler is an error. */
function tsc(compiler: Compiler, args: readonly string[]): Promise<{ readonly output: string }> {
  const script = join(root, 'node_modules', compilers[compiler])
  return new Promise((done, fail) => {
    execFile(
      process.execPath,
      [script, ...args],
      { maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const output = stdout + stderr
        if (error === null || ((error.code === 1 || error.code === 2) && output !== '')) done({ output })
        else fail(new Error(`TypeScript ${compiler} ended with ${error.code ?? error.signal}: ${output}`))
      },
    )
  })
}
