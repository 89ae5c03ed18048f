/** A store whose process can be killed and restarted over the data it left. */
import type { FlowName } from './app.ts'

/** One run of the process, from start to exit. */
export interface Life {
  /** Sends a call. Rejects when the process exits before it answers. */
  call(flow: FlowName, id: string): Promise<Answer>
  /** Ends the process with SIGKILL. Resolves when it has exited. */
  kill(): Promise<void>
}

export interface Answer {
  readonly status: number
  /** The result, or the problem document. */
  readonly body: { readonly chargeId?: string; readonly code?: string }
}

export interface Mortal {
  /** Starts a process that reports its steps to the control at this address. */
  start(control: string): Promise<Life>
  /** Removes the data that the processes left. */
  close(): Promise<void>
}

export interface CrashStore {
  readonly name: string
  /** The reason why the store cannot run on this machine, or `undefined` if it can. */
  readonly missing: string | undefined
  /** Maximum number of calls that can wait at a step at the same time. Default: unlimited. */
  readonly maxWaiting?: number
  open(): Promise<Mortal>
}
