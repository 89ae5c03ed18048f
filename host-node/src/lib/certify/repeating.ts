/** Records the answers to a run's resource calls, and gives them to a second run instead of making the calls. */
import type { Call, Next } from '@flowport/capabilities'
import { labelOf, type Watcher } from './watched-calls.ts'

type Answer = { readonly value: unknown } | { readonly error: unknown }

/** The answers of one run, by call and key, in call order. */
export class Recording implements Watcher {
  readonly answers = new Map<string, Answer[]>()

  async around<T>(call: Call, next: Next<T>): Promise<T> {
    const kept = this.answers.get(idOf(call)) ?? []
    this.answers.set(idOf(call), kept)
    const place = kept.push({ error: new Error('the call has no answer yet') }) - 1
    try {
      const value = await next(call)
      kept[place] = { value: await repeatable(value) }
      return value
    } catch (error) {
      kept[place] = { error }
      throw error
    }
  }
}

/** Answers each call with the recorded run's answer, without making the call. */
export class Repeating implements Watcher {
  readonly #recorded: Recording
  readonly #used = new Map<string, number>()
  readonly #onOther: (label: string) => void

  /** Calls `onOther` for each call that the recorded run did not make. */
  constructor(recorded: Recording, onOther: (label: string) => void) {
    this.#recorded = recorded
    this.#onOther = onOther
  }

  async around<T>(call: Call, next: Next<T>): Promise<T> {
    const id = idOf(call)
    const nth = this.#used.get(id) ?? 0
    this.#used.set(id, nth + 1)
    const answer = this.#recorded.answers.get(id)?.[nth]
    if (answer === undefined) {
      // The number of renewals depends on how long the run takes.
      if (labelOf(call) === 'dedupe.renew') return true as T
      this.#onOther(labelOf(call))
      if (call.effect === 'read') return next(call)
      throw new Error(`the second run makes a call that the first did not make: ${labelOf(call)}`)
    }
    if ('error' in answer) throw answer.error
    const { value } = answer
    return (value instanceof Response ? value.clone() : value) as T
  }
}

function idOf(call: Call): string {
  return `${labelOf(call)} ${call.key ?? ''}`
}

/** Copies a response for the second run, because its body can be read only one time. */
async function repeatable(value: unknown): Promise<unknown> {
  return value instanceof Response ? value.clone() : value
}
