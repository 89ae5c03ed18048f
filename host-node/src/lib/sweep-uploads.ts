/** Sweeps staged files of unfinished forms and expired answers when the server starts, and every hour after that. */
import type { Clock } from '@flowport/capabilities'
import { sweepIntervalMs, type UploadSweeper } from '@flowport/flow/http'

export interface RunningSweeps {
  /** Cancels the running sweep. Resolves when it no longer uses the store. */
  stop(): Promise<void>
}

export function startSweeps(sweeper: UploadSweeper, clock: Clock): RunningSweeps {
  const stopping = new AbortController()
  const { signal } = stopping
  const ended = sweepOn(sweeper, clock, signal)
  return {
    async stop() {
      stopping.abort(new Error('the host is closing'))
      await ended
    },
  }
}

async function sweepOn(sweeper: UploadSweeper, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sweeper.sweep(signal)
    await clock.sleep(sweepIntervalMs, { signal }).catch(() => undefined)
  }
}
