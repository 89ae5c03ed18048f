/** Reads right after writes: whether they ever show what was there before. */
import { confirmed, falseClaim, note, type Observation, type ProbeTools } from './check.ts'

export interface Expectation {
  /** What was done, such as `'get after overwrite'`. */
  readonly what: string
  readonly expected: string | null
  read(): Promise<string | null>
}

export class Staleness {
  readonly #tools: Pick<ProbeTools, 'clock' | 'signal' | 'maxWaitMs'>
  readonly #patient: boolean
  readonly #stale: string[] = []
  readonly #lasting: string[] = []
  #reads = 0
  #longestMs = 0

  /** @param patient Whether to wait for a late read to come right, as stores may be late that do not claim otherwise. */
  constructor(tools: Pick<ProbeTools, 'clock' | 'signal' | 'maxWaitMs'>, patient: boolean) {
    this.#tools = tools
    this.#patient = patient
  }

  async expect({ what, expected, read }: Expectation): Promise<void> {
    const { clock, signal, maxWaitMs } = this.#tools
    const start = clock.monotonic()
    this.#reads += 1
    const first = await read()
    if (first === expected) return
    this.#stale.push(`${what} saw ${first ?? 'nothing'} instead of ${expected ?? 'nothing'}`)
    if (!this.#patient) return
    for (let pauseMs = 20; clock.monotonic() - start < maxWaitMs; pauseMs = Math.min(500, pauseMs * 2)) {
      await clock.sleep(pauseMs, { signal })
      if ((await read()) !== expected) continue
      this.#longestMs = Math.max(this.#longestMs, clock.monotonic() - start)
      return
    }
    this.#lasting.push(what)
  }

  /** What the reads say about a claim of consistency. */
  observations(claimed: string): readonly Observation[] {
    const about = 'consistency'
    const seen = `${this.#stale.length} of ${this.#reads} reads were stale`
    if (claimed === 'strong') {
      return [
        this.#stale.length === 0
          ? confirmed(about, claimed, 'no read was stale', seen)
          : falseClaim(about, claimed, this.#stale[0] ?? '', seen),
      ]
    }
    if (this.#stale.length === 0) {
      return [note(about, claimed, 'no read was stale; it may be strong, which a probe cannot prove', seen)]
    }
    return [
      confirmed(about, claimed, this.#stale[0] ?? '', seen),
      this.#lasting.length === 0
        ? note(about, claimed, `reads came right within ${Math.round(this.#longestMs)} ms`)
        : note(about, claimed, `${this.#lasting[0]} had not come right when the wait was over`),
    ]
  }
}
