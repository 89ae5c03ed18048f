/** `defineCertification` keeps a flow's certification in a file, for tests and for `flowport certify`. */
import type { Awaitable } from '@flowport/capabilities'
import type { Flow } from '@flowport/flow'
import { certify } from './certify.ts'
import type { CertifyOptions } from './options.ts'
import type { Certification } from './report.ts'

/** Options that whoever runs a defined certification may set anew. */
export type CertificationOverrides = Partial<Omit<CertifyOptions<never>, 'input' | 'count'>>

/** Payload and observer of a certification, and whatever else it needs while it runs. */
export interface Prepared<I>
  extends Pick<CertifyOptions<I>, 'input' | 'count'>,
    Partial<Omit<CertifyOptions<I>, 'input' | 'count'>> {
  /** Ends what was started for the certification, such as a sink. Called once it is over, however it ends. */
  close?(): Awaitable<void>
}

export interface DefinedCertification {
  /** Name of the flow. */
  readonly flow: string
  /** Runs it as `certify` does. The app comes from here or from the definition. */
  run(overrides?: CertificationOverrides): Promise<Certification>
}

/**
 * Puts a flow together with its payload and with what counts its effects. A function is called when the certification
 * starts: it can start a sink, hand its address to the processes in `env`, and end it in `close`.
 */
export function defineCertification<I, O, N>(
  flow: Flow<I, O, N>,
  prepared: Prepared<I> | (() => Awaitable<Prepared<I>>),
): DefinedCertification {
  return {
    flow: flow.name,
    async run(overrides = {}) {
      const { close, ...options } = typeof prepared === 'function' ? await prepared() : prepared
      try {
        const app = overrides.app ?? options.app
        if (app === undefined)
          throw new TypeError('app is missing: name the module whose default export is the app')
        const env = { ...process.env, ...overrides.env, ...options.env }
        return await certify(flow, { ...options, ...overrides, env, app })
      } finally {
        await close?.()
      }
    },
  }
}
