/** A store whose process can be killed and started again over what it left. */
import type { FlowName } from './app.ts'

/** One run of the process, from its start to its end. */
export interface Life {
  /** Rejects when the process ends before it has answered. */
  call(flow: FlowName, id: string): Promise<Answer>
  /** Ends the process with SIGKILL; resolves when it is gone. */
  kill(): Promise<void>
}

export interface Answer {
  readonly status: number
  /** The result, or the problem. */
  readonly body: { readonly chargeId?: string; readonly code?: string }
}

export interface Mortal {
  /** Starts a process that tells its steps to the control at this address. */
  start(control: string): Promise<Life>
  /** Removes what the processes left. */
  close(): Promise<void>
}

export interface CrashStore {
  readonly name: string
  /** Why it cannot run here; `undefined` where it can. */
  readonly missing: string | undefined
  /** Most calls that its process can have waiting at a step. Default: any number. */
  readonly maxWaiting?: number
  open(): Promise<Mortal>
}
