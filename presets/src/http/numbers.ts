/** The numeric options of `http`, by themselves: a page that only names the schemes loads no schemas. */
import { countRule, longestTimerMs } from '@flowport/capabilities/storage'

/** What fits the options that are numbers, those of the schemes `http://` and `https://` too. */
export const httpNumbers = {
  timeoutMs: countRule(1, longestTimerMs),
  idleTimeoutMs: countRule(1, longestTimerMs),
  maxObjectBytes: countRule(),
  maxBufferedBytes: countRule(),
  maxHeaderBytes: countRule(1, 16 * 1024 ** 2),
}
