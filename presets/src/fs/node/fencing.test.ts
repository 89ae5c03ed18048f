import type { ChildProcess } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { startChild } from '../../../test/support/children.ts'
import { tempDirectory } from '../../../test/support/temp-directory.ts'
import { type FsBlobDriver, openFsBlobDriver } from './blob-driver.ts'
import { Home } from './home.ts'
import { openFsKvDriver } from './kv-driver.ts'
import { Locks } from './locks.ts'

const clock = { now: () => Date.now() }
const plain = { contentType: null, metadata: {} }
const bytes = (text: string) => new TextEncoder().encode(text)

/** A clock that runs with the system's, and jumps ahead when told to. */
function jumpingClock() {
  let ahead = 0
  return {
    monotonic: () => performance.now() + ahead,
    jump: (ms: number) => {
      ahead += ms
    },
  }
}

/** Lets time pass, 30 seconds at once, until the promise has settled: a lock must first be seen, then be seen unchanged. */
async function passTime(promise: Promise<unknown>, jump: (ms: number) => void): Promise<void> {
  const settled = promise.then(
    () => true,
    () => true,
  )
  while (!(await Promise.race([settled, sleep(15).then(() => false)]))) jump(30_000)
}

async function textOf(blob: FsBlobDriver, key: string): Promise<string | null> {
  const opened = await blob.get(key, {})
  return opened === null ? null : new Response(opened.body).text()
}

afterEach(() => vi.restoreAllMocks())

describe('a holder that stood still for 30 seconds', () => {
  /** A holder that stops within its lock, and another process that takes over while it does. */
  async function takenOver(staged: string | null) {
    const directory = join(tempDirectory(), 'blobs')
    const { monotonic, jump } = jumpingClock()
    const slow = Home.open(directory, { syncs: false })
    const quick = openFsBlobDriver({ directory, fsync: 'none', clock, monotonic })
    await quick.put('key', bytes('old'), plain)
    const claimed = staged === null ? null : slow.newStaged()
    if (claimed !== null) fs.writeFileSync(claimed, staged ?? '')
    let goOn: () => void = () => undefined
    const stopped = new Promise<void>((resolve) => {
      goOn = resolve
    })
    return { directory, slow, quick, claimed, jump, goOn, stopped, locks: new Locks(slow) }
  }

  it('can no longer publish what it staged', async () => {
    const { directory, slow, quick, claimed, jump, goOn, stopped, locks } = await takenOver('stale')
    const holding = locks.hold('key', claimed, async (claim) => {
      await stopped
      fs.renameSync(claim, join(directory, 'key'))
    })
    await expect.poll(() => locks.isHeld('key')).toBe(true)
    const put = quick.put('key', bytes('new'), plain)
    await sleep(20)
    expect(await textOf(quick, 'key')).toBe('old')
    await passTime(put, jump)
    await put
    goOn()
    await expect(holding).rejects.toMatchObject({ code: 'ENOENT' })
    expect(await textOf(quick, 'key')).toBe('new')
    await Promise.all([quick.close(), slow.close()])
  })

  it('can no longer delete', async () => {
    const { directory, slow, quick, jump, goOn, stopped, locks } = await takenOver(null)
    const holding = locks.hold('key', null, async (claim) => {
      await stopped
      fs.renameSync(join(directory, 'key'), join(claim, 'object'))
    })
    await expect.poll(() => locks.isHeld('key')).toBe(true)
    const put = quick.put('key', bytes('new'), plain)
    await passTime(put, jump)
    await put
    goOn()
    await expect(holding).rejects.toMatchObject({ code: 'ENOENT' })
    expect(await textOf(quick, 'key')).toBe('new')
    await Promise.all([quick.close(), slow.close()])
  })

  it('does not free the lock of the holder after it when it lets go', async () => {
    const { directory, slow, quick, goOn, stopped, locks } = await takenOver(null)
    const holding = locks.hold('key', null, () => stopped)
    await expect.poll(() => locks.isHeld('key')).toBe(true)
    const { monotonic, jump: jumpNext } = jumpingClock()
    const next = Home.open(directory, { syncs: false, monotonic })
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    let enter: () => void = () => undefined
    const entered = new Promise<void>((resolve) => {
      enter = resolve
    })
    const holdingNext = new Locks(next).hold('key', null, () => {
      enter()
      return held
    })
    await passTime(entered, jumpNext)
    goOn()
    await holding
    // Waits for the release of the first holder, which goes on in the background.
    await slow.close()
    expect(new Locks(next).isHeld('key')).toBe(true)
    release()
    await holdingNext
    await Promise.all([quick.close(), next.close()])
    expect(fs.readdirSync(join(directory, '.staging'))).toEqual([])
  })
})

describe('a clock that is set', () => {
  it('ahead takes no lock from anybody', async () => {
    const directory = join(tempDirectory(), 'blobs')
    const holder = Home.open(directory, { syncs: false })
    const blob = openFsBlobDriver({ directory, fsync: 'none', clock })
    let release: () => void = () => undefined
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const locks = new Locks(holder)
    const holding = locks.hold('key', null, () => gate)
    await expect.poll(() => locks.isHeld('key')).toBe(true)
    const now = Date.now
    vi.spyOn(Date, 'now').mockImplementation(() => now() + 3_600_000)
    const put = blob.put('key', bytes('new'), plain)
    const isSettled = await Promise.race([put.then(() => true), sleep(100).then(() => false)])
    expect(isSettled).toBe(false)
    release()
    await Promise.all([holding, put])
    await Promise.all([holder.close(), blob.close()])
  })

  it('back hides no sign of life', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    try {
      const directory = join(tempDirectory(), 'blobs')
      const home = Home.open(directory, { syncs: false })
      const file = join(directory, '.staging', `${home.ids.prefix}.owner`)
      const beat = async (before: number) => {
        vi.advanceTimersByTime(5_000)
        await expect.poll(() => fs.statSync(file).mtimeMs).not.toBe(before)
        return fs.statSync(file).mtimeMs
      }
      const first = await beat(fs.statSync(file).mtimeMs)
      const now = Date.now
      vi.spyOn(Date, 'now').mockImplementation(() => now() - 3_600_000)
      expect(await beat(first)).toBeGreaterThan(first)
      await home.close()
    } finally {
      vi.useRealTimers()
    }
  })
})

describe.skipIf(process.platform === 'win32')(
  'a process that is stopped at any moment, and goes on later',
  { timeout: 120_000 },
  () => {
    it('loses and repeats no increment, of its own or of the process that took over', async () => {
      const root = tempDirectory()
      const { monotonic, jump } = jumpingClock()
      const blob = openFsBlobDriver({ directory: join(root, 'blobs'), fsync: 'none', clock, monotonic })
      await blob.put('counter', bytes('0'), plain)
      const child = startChild('fs-worker.ts', 'pausable', { root, count: 0 })
      await child.started
      let own = 0
      let takeovers = 0
      for (let round = 0; round < 40 || (takeovers < 15 && round < 1_000); round++) {
        await sleep(round % 7)
        await stop(child.process)
        // Where chance alone found too few stops within a lock, others are looked for.
        for (let tries = 0; round >= 40 && tries < 100 && !isClaimed(root); tries++) {
          child.process.kill('SIGCONT')
          await sleep(tries % 3)
          await stop(child.process)
        }
        // It stands within its lock: nobody else writes without taking over.
        if (isClaimed(root)) takeovers += 1
        for (let done = false; !done; ) {
          const { etag, text } = await counter(blob)
          const put = blob.put('counter', bytes(`${Number(text) + 1}`), { ...plain, ifMatch: etag })
          // Looks at the lock before time passes, if the stopped process holds it.
          const settled = await Promise.race([put.then(ok, failed), sleep(15).then(() => 'waiting')])
          if (settled === 'waiting') {
            await passTime(put, jump)
          }
          done = (await put.then(ok, failed)) === 'ok'
        }
        own += 1
        child.process.kill('SIGCONT')
      }
      await blob.put('stop', bytes('stop'), plain)
      const { done, fenced } = (await child.result) as { done: number; fenced: number }
      expect((await counter(blob)).text).toBe(String(own + done))
      // Without a takeover the test has shown nothing.
      expect(takeovers).toBeGreaterThanOrEqual(15)
      expect(fenced).toBeGreaterThan(0)
      await blob.close()
    })

    it('removes no entry that was written while it stood still', async () => {
      const root = tempDirectory()
      const { monotonic, jump } = jumpingClock()
      const kv = openFsKvDriver({ directory: join(root, 'kv'), fsync: 'none', clock, monotonic })
      const child = startChild('fs-worker.ts', 'sweepExpired', { root, count: 0 })
      await child.started
      let interrupted = 0
      for (let round = 0; round < 60 || (interrupted < 5 && round < 1_000); round++) {
        await kv.put('key', `${round}, expired`, { expiresAt: Date.now() - 1 })
        await sleep(round % 5)
        child.process.kill('SIGSTOP')
        const put = kv.put('key', `${round}`, {})
        const settled = await Promise.race([put.then(() => true), sleep(15).then(() => false)])
        if (!settled) {
          interrupted += 1
          await passTime(put, jump)
        }
        await put
        child.process.kill('SIGCONT')
        await sleep(5)
        expect((await kv.get('key'))?.value).toBe(`${round}`)
      }
      await kv.put('stop', 'stop', {})
      await child.result
      expect(interrupted).toBeGreaterThanOrEqual(5)
      await kv.close()
    })
  },
)

/** Whether somebody holds the lock of the counter, and has not published yet. */
/** Resolves when the process stands still: after the signal it goes on for a moment. */
async function stop({ pid }: ChildProcess): Promise<void> {
  process.kill(pid ?? 0, 'SIGSTOP')
  const stat = `/proc/${pid}/stat`
  // Without /proc the moment is short enough for most rounds.
  while (fs.existsSync(stat) && !/\) T /.test(fs.readFileSync(stat, 'utf8'))) await sleep(0)
}

function isClaimed(root: string): boolean {
  try {
    return fs.readdirSync(join(root, 'blobs', '.staging', '=counter.lock')).length > 0
  } catch (error) {
    // A process that was told to stop goes on for a moment, and may let go of the lock in it.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

const ok = () => 'ok'
const failed = (error: { readonly kind?: string }) => {
  if (error.kind === 'ConditionNotMatch') return 'lost'
  throw error
}

async function counter(blob: FsBlobDriver): Promise<{ readonly etag: string; readonly text: string }> {
  const opened = await blob.get('counter', {})
  if (opened === null) throw new Error('there is no counter')
  return { etag: opened.object.etag, text: await new Response(opened.body).text() }
}
