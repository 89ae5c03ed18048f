import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { startChild } from '../../../test/support/children.ts'
import { required } from '../../../test/support/required.ts'
import { tempDirectory } from '../../../test/support/temp-directory.ts'
import { openFsBlobDriver } from './blob-driver.ts'
import { openFsKvDriver } from './kv-driver.ts'

/** Runs its arguments in a pid namespace of their own, as a container does. The host name stays the same. */
const inNamespace = ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'] as const
const isAllowed = spawnSync(inNamespace[0], [...inNamespace.slice(1), 'true']).status === 0

const clock = { now: () => Date.now() }
const plain = { contentType: null, metadata: {} }
const processes = 4

/** Results of workers in a namespace each. Their process ids differ, so that none exists in another's namespace. */
function runNamespaces(mode: string, args: object): Promise<unknown[]> {
  return Promise.all(
    Array.from({ length: processes }, (_, index) => {
      const shell = `i=0; while [ $i -lt ${index * 3} ]; do /bin/true; i=$((i + 1)); done; "$@"; exit $?`
      return startChild('fs-worker.ts', mode, { ...args, index }, [...inNamespace, 'sh', '-c', shell, 'sh'])
        .result
    }),
  )
}

describe.skipIf(!required('unshare --pid', isAllowed))(
  'processes in pid namespaces of their own (needs the right to make them)',
  { timeout: 120_000 },
  () => {
    it('lose no increment of a counter kept by compare-and-swap', async () => {
      const root = tempDirectory()
      const blob = openFsBlobDriver({ directory: join(root, 'blobs'), fsync: 'none', clock })
      await blob.put('counter', new TextEncoder().encode('0'), plain)
      await runNamespaces('increment', { root, count: 40 })
      const counter = await blob.get('counter', {})
      expect(new TextDecoder().decode(counter?.body as Uint8Array)).toBe(String(processes * 40))
      await blob.close()
    })

    it('lose no increment of an entry kept by compare-and-swap', async () => {
      const root = tempDirectory()
      const kv = openFsKvDriver({ directory: join(root, 'kv'), fsync: 'none', clock })
      await kv.put('counter', '0', {})
      await runNamespaces('incrementKv', { root, count: 40 })
      expect((await kv.get('counter'))?.value).toBe(String(processes * 40))
      await kv.close()
    })

    it('finish the streams they are writing while another process opens the directory', async () => {
      const root = tempDirectory()
      const results = await runNamespaces('stream', { root, count: 6 })
      expect(results).toEqual(Array.from({ length: processes }, () => 'stored'))
    })
  },
)
