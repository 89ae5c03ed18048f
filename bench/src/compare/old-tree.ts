/** Checks a commit out into a temporary folder with its own packages. The folder is removed when the process exits. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface OldTree {
  readonly folder: string
  /** Removes the folder and its worktree entry. A second call does nothing. */
  remove(): void
}

/** Checks the commit out and installs its packages. @throws Error with the output of git or the installation. */
export function checkOut(root: string, commit: string, install: readonly string[]): OldTree {
  const resolved = ran(root, [
    'git',
    'rev-parse',
    '--verify',
    '--quiet',
    '--end-of-options',
    `${commit}^{commit}`,
  ])
  if (resolved === null) throw new Error(`there is no commit "${commit}"`)
  const parent = mkdtempSync(join(tmpdir(), 'flowport-bench-'))
  const folder = join(parent, 'old')
  let isThere = true
  const remove = () => {
    if (!isThere) return
    isThere = false
    process.off('exit', remove)
    ran(root, ['git', 'worktree', 'remove', '--force', folder])
    rmSync(parent, { recursive: true, force: true })
    ran(root, ['git', 'worktree', 'prune'])
  }
  process.once('exit', remove)
  try {
    must(root, ['git', 'worktree', 'add', '--detach', folder, resolved.trim()])
    if (install.length > 0) must(folder, install)
  } catch (error) {
    remove()
    throw error
  }
  return { folder, remove }
}

function must(cwd: string, command: readonly string[]): void {
  const [file = '', ...args] = command
  const { status, error, stdout, stderr } = spawnSync(file, args, { cwd, encoding: 'utf8' })
  if (status === 0) return
  throw new Error(`"${command.join(' ')}" failed: ${error?.message ?? `${stdout}${stderr}`.trim()}`)
}

/** Runs a command. Returns its output, or `null` when it failed. */
function ran(cwd: string, command: readonly string[]): string | null {
  const [file = '', ...args] = command
  const { status, stdout } = spawnSync(file, args, { cwd, encoding: 'utf8' })
  return status === 0 ? stdout : null
}
