/**
 * `npm run bench -- compare <commit> [part …]`: runs parts of an old commit and of this tree in turn, and reports the figures
 * that fell.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { type Figure, figuresOf } from './figures.ts'
import { judge } from './judge.ts'
import { checkOut } from './old-tree.ts'

export interface CompareOptions {
  /** Folder of the repository, whose working tree is the new side. */
  readonly root: string
  readonly commit: string
  readonly parts: readonly string[]
  /** Command that installs the old commit's packages, run in its folder. Default: pnpm. */
  readonly install?: readonly string[]
  readonly print?: (text: string) => void
}

/** If the first two runs of a part take less than this in total, the part runs twice on each side. */
const cheapMs = 120_000

const pnpm = [
  'npx',
  '--prefer-offline',
  '-y',
  'pnpm@12.21.0',
  'install',
  '--frozen-lockfile',
  '--prefer-offline',
]

/**
 * Resolves to the exit code: 0, or 1 when a figure fell by more than 10 % or a part of the new tree failed. SIGINT and SIGTERM
 * end the running part and exit with 130. The old tree is always removed.
 */
export async function compare({
  root,
  commit,
  parts,
  install = pnpm,
  print = console.log,
}: CompareOptions): Promise<number> {
  const runs = new Runs()
  const stop = () => {
    runs.stop()
    process.exit(130)
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
  const old = checkOut(root, commit, install)
  try {
    const fell: string[] = []
    let hasFailed = false
    for (const part of parts) {
      const sides = { old: old.folder, new: root }
      const found = { old: [] as Figure[][], new: [] as Figure[][] }
      const started = performance.now()
      const run = async (side: 'old' | 'new') => {
        const { code, output } = await runs.run(sides[side], part)
        if (code === 0) return void found[side].push(figuresOf(output))
        print(
          side === 'old' && code === 2
            ? `"${commit}" has no part "${part}".`
            : `"${part}" of the ${side} tree failed.`,
        )
        hasFailed ||= side === 'new'
      }
      await run('old')
      await run('new')
      const isWhole = found.old.length === 1 && found.new.length === 1
      if (!isWhole) continue
      // In reverse order, so that neither side benefits from a warmer machine.
      if (performance.now() - started < cheapMs) {
        await run('new')
        await run('old')
      }
      const judgement = judge(`${part}: ${commit} and this tree`, found.old, found.new)
      print(judgement.markdown)
      fell.push(...judgement.fell.map((name) => `${part}: ${name}`))
    }
    print(
      fell.length === 0
        ? 'No figure fell by more than 10 %.'
        : `Fell by more than 10 %:\n\n- ${fell.join('\n- ')}`,
    )
    return fell.length > 0 || hasFailed ? 1 : 0
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
    old.remove()
  }
}

/** Runs one part at a time, each by its own tree's `run.ts`. */
class Runs {
  #child: ChildProcess | undefined

  run(folder: string, part: string): Promise<{ readonly code: number; readonly output: string }> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, ['bench/src/run.ts', part], {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      this.#child = child
      let output = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
      child.once('error', reject)
      child.once('close', (code) => resolve({ code: code ?? 1, output }))
    })
  }

  /** `run.ts` ends its own part on SIGINT. */
  stop(): void {
    this.#child?.kill('SIGINT')
  }
}
