/** What the linearizability checker is given: operations with their intervals, and a model of one key. */

/** One call to a store, from the moment it was made to the moment its answer came. */
export interface Operation<I, O> {
  /** Number of the caller that made the call. A caller makes its calls one after another. */
  readonly client: number
  /** The key the call is about. Keys are checked apart from each other. */
  readonly key: string
  readonly input: I
  /** `null` when the answer was lost: the call was applied at some time after it was made, or never. */
  readonly output: O | null
  /** Place of the call in the order of all calls and answers. */
  readonly calledAt: number
  /** Place of the answer in that order; `Infinity` when the answer was lost. */
  readonly returnedAt: number
  /** When the call was made, in milliseconds on the caller's monotonic clock. */
  readonly startMs: number
  /** When the answer came, in milliseconds on the same clock; `Infinity` when it was lost. */
  readonly endMs: number
}

/** How one key behaves when its operations happen one after another. Every function is pure. */
export interface Model<S, I, O> {
  /** The state of a key that was never written. */
  readonly initial: S
  /**
   * Every state the key may have after the operation, given its answer; empty when the answer is impossible in this
   * state. For a lost answer: the states after the operation was applied.
   */
  step(state: S, operation: Operation<I, O>): readonly S[]
  /** A text that is equal exactly for equal states. */
  textOf(state: S): string
  /**
   * Whether a history that is linearizable stays so without this operation, as it does without a read. `rest` is the
   * remaining history. Shortening a violation removes such operations only, so that what is left proves the violation.
   */
  isRemovable(operation: Operation<I, O>, rest: readonly Operation<I, O>[]): boolean
  /**
   * Where a history may begin when no other operation overlaps this one: `'before'` an operation that overwrites every
   * state, `'after'` one that leaves the initial state, `null` when what went before still matters.
   */
  restart(operation: Operation<I, O>): 'before' | 'after' | null
  /** The operation and its answer in a few words. */
  describe(operation: Operation<I, O>): string
}
