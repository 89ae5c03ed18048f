/** Work that goes on after the call it belongs to has ended: waited for by `close`, its failures told to the log. */
import type { Logger } from '@flowport/capabilities'

export class Background {
  readonly #pending = new Set<Promise<void>>()
  readonly #log: Pick<Logger, 'warn'>
  readonly #scheme: string

  constructor(log: Pick<Logger, 'warn'>, scheme: string) {
    this.#log = log
    this.#scheme = scheme
  }

  /** `failure` is what the log reads when the work fails. */
  add(work: Promise<unknown>, failure: string, key?: string): void {
    const done = work.then(
      () => undefined,
      (error: unknown) => {
        this.#log.warn(
          {
            scheme: this.#scheme,
            ...(key === undefined ? {} : { key }),
            error: error instanceof Error ? error.message : 'unknown',
          },
          failure,
        )
      },
    )
    this.#pending.add(done)
    void done.finally(() => this.#pending.delete(done))
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending)
  }
}
