/** `defineCertification` defines a flow's certification in a file, for tests and for `flowport certify`. */
import type { Awaitable } from '@flowport/capabilities'
import type { Flow } from '@flowport/flow'
import { certify } from './certify.ts'
import type { CertifyOptions } from './options.ts'
import type { Certification } from './report.ts'

/** Options of a defined certification that its caller may override. */
export type CertificationOverrides = Partial<Omit<CertifyOptions<never>, 'input' | 'count'>>

/** A certification's payload and observer, and optionally its other options. */
export interface Prepared<I>
  extends Pick<CertifyOptions<I>, 'input' | 'count'>,
    Partial<Omit<CertifyOptions<I>, 'input' | 'count'>> {
  /**
   * Releases what was started for the certification, such as a sink. Called when the certification ends, even after a failure.
   */
  close?(): Awaitable<void>
}

export interface DefinedCertification {
  /** Name of the flow. */
  readonly flow: string
  /** Runs the certification as `certify` does. The app comes from `overrides` or from the definition. */
  run(overrides?: CertificationOverrides): Promise<Certification>
}

/**
 * Defines a certification from a flow, its payload and the observer that counts its effects. If `prepared` is a function, it is
 * called when the certification starts: it can start a sink, pass its address to the processes in `env`, and stop it in
 * `close`.
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
