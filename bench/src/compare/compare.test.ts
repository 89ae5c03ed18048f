import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { compare } from './compare.ts'

let root = ''
let log = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'flowport-compare-'))
  log = join(root, 'runs.log')
  mkdirSync(join(root, 'bench/src'), { recursive: true })
  git('init', '-q')
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function git(...args: string[]): string {
  const who = ['-c', 'user.name=test', '-c', 'user.email=test@example.com']
  return execFileSync('git', [...who, ...args], { cwd: root, encoding: 'utf8' })
}

/** Writes a `run.ts` whose parts print these table rows and record that they ran. */
function write(side: string, parts: Readonly<Record<string, string>>): void {
  const source = `import { appendFileSync } from 'node:fs'
const part = process.argv[2]
appendFileSync(${JSON.stringify(log)}, ${JSON.stringify(side)} + ' ' + part + '\\n')
const rows = ${JSON.stringify(parts)}[part]
if (rows === undefined) process.exit(2)
if (rows === 'fail') process.exit(1)
if (rows === 'hang') setInterval(() => undefined, 1000)
else console.log('### t\\n\\n|  | ms | CPU × | peak MiB |\\n| --- | ---: | ---: | ---: |\\n' + rows)
`
  writeFileSync(join(root, 'bench/src/run.ts'), source)
}

function commit(parts: Readonly<Record<string, string>>): void {
  write('old', parts)
  git('add', 'bench')
  git('commit', '-qm', 'old')
}

async function comparison(...parts: string[]) {
  const printed: string[] = []
  const code = await compare({
    root,
    commit: 'HEAD',
    parts,
    install: [],
    print: (text) => void printed.push(text),
  })
  return { code, printed: printed.join('\n'), runs: readFileSync(log, 'utf8').trim().split('\n') }
}

describe('a comparison of two trees', () => {
  it('runs both in turn, and reports the figures that fell', async () => {
    commit({ sse: '| ours | 10 | 1.00 | 100 |', kv: '| ours | 5 | 2.00 | 50 |' })
    write('new', { sse: '| ours | 40 | 1.20 | 105 |', kv: '| ours | 5 | 1.00 | 50 |' })
    const { code, printed, runs } = await comparison('sse', 'kv')
    expect(code).toBe(1)
    expect(runs).toEqual(
      ['old', 'new', 'new', 'old']
        .map((side) => `${side} sse`)
        .concat(['old', 'new', 'new', 'old'].map((side) => `${side} kv`)),
    )
    expect(printed).toContain('| t › ours › CPU × of ms | 1.00 | 1.20 | 1.20 | **fell** |')
    expect(printed).toContain('| t › ours › peak MiB | 100 MiB | 105 MiB | 1.05 |  |')
    expect(printed).toContain('Fell by more than 10 %:\n\n- sse: t › ours › CPU × of ms')
    expect(printed).not.toContain('- kv')
  })

  it('exits with 0 when nothing fell, and names figures of only one side', async () => {
    commit({ sse: '| ours | 10 | 1.00 | 100 |\n| gone | 1 | 1.00 | 1 |' })
    write('new', { sse: '| ours | 10 | 1.05 | 100 |\n| added | 1 | 1.00 | 1 |' })
    const { code, printed } = await comparison('sse')
    expect(code).toBe(0)
    expect(printed).toMatch(/The old commit has no figure: .*"t › added › CPU × of ms"/)
    expect(printed).toMatch(/The new tree has no figure: .*"t › gone › CPU × of ms"/)
    expect(printed).toContain('No figure fell by more than 10 %.')
  })

  it('names a part that the old commit lacks and continues; exits with 1 when a part of the new tree fails', async () => {
    commit({ bad: '| ours | 1 | 1.00 | 1 |' })
    write('new', { fresh: '| ours | 1 | 1.00 | 1 |', bad: 'fail' })
    expect(await comparison('fresh')).toMatchObject({
      code: 0,
      printed: expect.stringContaining('"HEAD" has no part "fresh".') as string,
    })
    expect(await comparison('bad')).toMatchObject({
      code: 1,
      printed: expect.stringContaining('"bad" of the new tree failed.') as string,
    })
  })

  it('removes the worktree after a success, and when its packages cannot be installed', async () => {
    commit({ sse: '| ours | 1 | 1.00 | 1 |' })
    await comparison('sse')
    const failing = { root, commit: 'HEAD', parts: ['sse'], install: ['git', 'no-such-command'] }
    await expect(compare(failing)).rejects.toThrow('"git no-such-command" failed: git: ')
    await expect(compare({ ...failing, commit: 'none' })).rejects.toThrow('there is no commit "none"')
    expect(git('worktree', 'list').trim().split('\n')).toHaveLength(1)
  })

  it('removes the worktree when it is interrupted in the middle of a part', async () => {
    commit({ sse: 'hang' })
    const module = JSON.stringify(new URL('./compare.ts', import.meta.url).href)
    const options = JSON.stringify({ root, commit: 'HEAD', parts: ['sse'], install: [] })
    const script = `import { compare } from ${module}\nawait compare(${options})`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' })
    const ended = once(child, 'exit')
    await expect.poll(() => git('worktree', 'list').trim().split('\n').length, { timeout: 20_000 }).toBe(2)
    await expect.poll(() => logged(), { timeout: 20_000 }).toBe('old sse\n')
    child.kill('SIGINT')
    expect(await ended).toEqual([130, null])
    expect(git('worktree', 'list').trim().split('\n')).toHaveLength(1)
  })
})

function logged(): string {
  try {
    return readFileSync(log, 'utf8')
  } catch {
    return ''
  }
}
