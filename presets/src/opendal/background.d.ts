/** Work that goes on after the call it belongs to has ended: waited for by `close`, its failures told to the log. */
import type { Logger } from '@flowport/capabilities'
export declare class Background {
  #private
  constructor(log: Pick<Logger, 'warn'>, scheme: string)
  /** `failure` is what the log reads when the work fails. */
  add(work: Promise<unknown>, failure: string, key?: string): void
  /** Resolves when nothing is under way any more. */
  settled(): Promise<void>
}
//# sourceMappingURL=background.d.ts.map
