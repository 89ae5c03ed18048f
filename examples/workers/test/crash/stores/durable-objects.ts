/** A Worker over Durable Objects: workerd itself is killed, and restarted over their storage folder. */
import { serveWorkerd } from '@flowport/host-workers/testing'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CrashStore } from '../life.ts'
import { httpLife } from './http-life.ts'

export const durableObjectsStore: CrashStore = {
  name: 'durable-objects',
  missing: undefined,
  open() {
    const storage = mkdtempSync(join(tmpdir(), 'flowport-crash-'))
    return Promise.resolve({
      async start(control) {
        const running = await serveWorkerd(join(import.meta.dirname, 'worker.ts'), {
          vars: { LOG_LEVEL: 'error' },
          durableObjects: { LEDGER: 'LedgerObject' },
          reachesLoopback: true,
          edge: false,
          storage,
        })
        return httpLife(running.url, control, () => running.close('SIGKILL'))
      },
      close() {
        rmSync(storage, { recursive: true, force: true })
        return Promise.resolve()
      },
    })
  },
}
