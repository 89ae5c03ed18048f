import fs from 'node:fs'
import { join } from 'node:path'
import type {
  BlobStore,
  KeyValue,
  Logger,
  OpenContext,
  OpenedProvider,
  ResourceName,
} from '@flowport/capabilities'
import { silentLogger } from '@flowport/capabilities'
import { ManualClock } from '@flowport/capabilities/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fs as fsPreset } from '../src/fs/preset.ts'
import { sqlite } from '../src/sqlite/preset.ts'
import { tempDirectory } from './support/temp-directory.ts'

function contextIn(directory: string, log: Logger = silentLogger): OpenContext {
  return { env: { FLOWPORT_DATA_DIR: directory }, log, clock: new ManualClock(), bindings: {} }
}

function resource<T>({ resources }: Pick<OpenedProvider, 'resources'>, name: ResourceName): T {
  return resources.get(name) as unknown as T
}

/** Mode of every file and directory below `directory`, in octal, by its path. */
function modesIn(directory: string): readonly (readonly [string, string])[] {
  return fs
    .readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => [name, (fs.lstatSync(join(directory, name)).mode & 0o777).toString(8)] as const)
}

function expectPrivate(directory: string): void {
  const modes = modesIn(directory)
  expect(modes.length).toBeGreaterThan(0)
  for (const [name, mode] of modes) {
    const isDirectory = fs.lstatSync(join(directory, name)).isDirectory()
    expect([name, mode]).toEqual([name, isDirectory ? '700' : '600'])
  }
}

/** A logger that keeps its warnings. */
function warnings(): { readonly log: Logger; readonly seen: string[] } {
  const seen: string[] = []
  return { seen, log: { ...silentLogger, warn: (_, message) => seen.push(message) } }
}

describe.skipIf(process.platform === 'win32')(
  'data on disk is for the user alone, whatever the umask allows',
  () => {
    let umask = 0
    beforeEach(() => {
      umask = process.umask(0)
    })
    afterEach(() => {
      process.umask(umask)
    })

    it('of the fs preset: directories, objects, copies, staged files, owner files and sockets', async () => {
      const root = join(tempDirectory(), 'made', 'data')
      const opened = await fsPreset().open(contextIn(root))
      const blob = resource<BlobStore>(opened, 'blob')
      const kv = resource<KeyValue>(opened, 'kv')
      const { etag } = await blob.put('a/b', 'blob')
      await blob.put('a/b', new Blob(['stream']).stream(), { ifMatch: etag })
      await blob.copy('a/b', 'c')
      await kv.put('key', 'value')
      let chunks = 0
      const slow = new ReadableStream<Uint8Array<ArrayBuffer>>({
        pull(controller) {
          chunks += 1
          // While a file is being staged.
          expectPrivate(root)
          if (chunks > 2) controller.close()
          else controller.enqueue(new Uint8Array(1))
        },
      })
      await blob.put('slow', slow)
      expect(chunks).toBe(3)
      expectPrivate(join(root, '..'))
      await opened.close()
    })

    it('of the sqlite preset: the database, its log and the index of the log', async () => {
      const root = join(tempDirectory(), 'made')
      const opened = await sqlite().open(contextIn(root))
      await resource<KeyValue>(opened, 'kv').put('key', 'value')
      expect(fs.readdirSync(root).sort()).toEqual([
        'flowport.sqlite',
        'flowport.sqlite-shm',
        'flowport.sqlite-wal',
      ])
      expectPrivate(join(root, '..'))
      await opened.close()
    })

    it('and wider modes that are there already stay, with one warning', async () => {
      const root = tempDirectory()
      fs.chmodSync(root, 0o755)
      for (const name of ['blobs', 'kv']) fs.mkdirSync(join(root, name), { mode: 0o755 })
      const first = warnings()
      const opened = await fsPreset().open(contextIn(root, first.log))
      expect(first.seen).toEqual([expect.stringContaining('other users')])
      expect(first.seen[0]).not.toContain(root)
      await opened.close()
      expect(fs.statSync(join(root, 'blobs')).mode & 0o777).toBe(0o755)
      fs.writeFileSync(join(root, 'flowport.sqlite'), '', { mode: 0o644 })
      const second = warnings()
      await (await sqlite().open(contextIn(root, second.log))).close()
      expect(second.seen).toEqual([expect.stringContaining('other users')])
      // Nobody else comes in: nothing to warn of.
      fs.chmodSync(root, 0o700)
      const third = warnings()
      await (await fsPreset().open(contextIn(root, third.log))).close()
      await (await sqlite().open(contextIn(root, third.log))).close()
      expect(third.seen).toEqual([])
    })
  },
)
