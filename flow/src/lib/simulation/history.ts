/**
 * Records what processes ask of key-value stores and ledgers in one schedule, and what they are answered, and says whether some
 * order of the calls explains the answers. It sees each message of the network: retries are calls of their own.
 */
import { appliedOf, type Clock, domainOf, isKind } from '@flowport/capabilities'
import {
  checkLinearizable,
  dedupeModel,
  kvModel,
  type KvOutput,
  type Model,
  type Operation,
} from '@flowport/capabilities/probe'
import { dedupeCalls, type KeyCall, kvCalls } from './history-calls.ts'

/** Steps of the model tried for one key. A key that needs more, for its lost answers, is not judged. */
const maxSteps = 5_000

/** One message and its answer. Neither function is called where the answer is lost. */
export interface FollowedCall {
  answered(answer: unknown): void
  failed(error: unknown): void
  /** The message will arrive a second time. */
  copied(): void
}

type Recorded<I, O> = { -readonly [P in keyof Operation<I, O>]: Operation<I, O>[P] }

export class History {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #clients = new Map<string, number>()
  readonly #unjudged = new Set<string>()
  readonly #kv = new Set<Recorded<KvCall['input'], KvOutput>>()
  readonly #dedupe = new Set<Recorded<DedupeCall['input'], ReturnType<DedupeCall['outputOf']>>>()
  #events = 0

  /** @param clock The stores' clock. */
  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  /** Follows a call of a driver; `undefined` for a store that has no model. */
  follow(
    store: string,
    operation: string,
    args: readonly unknown[],
    sender: string,
  ): FollowedCall | undefined {
    const domain = domainOf(store)
    if (domain === 'kv') return this.#follow(this.#kv, kvCalls(operation, args), store, args, sender, refused)
    if (domain === 'dedupe')
      return this.#follow(this.#dedupe, dedupeCalls(operation, args), store, args, sender, () => null)
    return undefined
  }

  /** The calls that no order explains, as text; `null` where an order does, or where there are too many to tell. */
  violation(): string | null {
    return this.#check(kvModel, this.#kv) ?? this.#check(dedupeModel(), this.#dedupe)
  }

  #check<S, I, O>(model: Model<S, I, O>, recorded: ReadonlySet<Recorded<I, O>>): string | null {
    const judged = [...recorded].filter(({ key }) => !this.#unjudged.has(key))
    const verdict = checkLinearizable(model, judged, { maxSteps })
    return verdict.verdict === 'violation' ? verdict.text : null
  }

  #follow<I, O>(
    into: Set<Recorded<I, O>>,
    calls: readonly KeyCall<I, O>[] | null,
    store: string,
    args: readonly unknown[],
    sender: string,
    refusalOf: (error: unknown) => O | null,
  ): FollowedCall | undefined {
    const nameOf = (key: string) => `${store} ${key}`
    if (calls === null) {
      this.#unjudged.add(nameOf(String(args[0])))
      return undefined
    }
    const start = (call: KeyCall<I, O>) => {
      const operation: Recorded<I, O> = {
        client: this.#clientOf(sender),
        key: nameOf(call.key),
        input: call.input,
        output: null,
        calledAt: this.#next(),
        returnedAt: Infinity,
        startMs: this.#clock.monotonic(),
        endMs: Infinity,
      }
      into.add(operation)
      return { operation, call }
    }
    const started = calls.map(start)
    const end = (operation: Recorded<I, O>, output: O) => {
      operation.output = output
      operation.returnedAt = this.#next()
      operation.endMs = this.#clock.monotonic()
    }
    return {
      answered: (answer) => {
        for (const { operation, call } of started) end(operation, call.outputOf(answer))
      },
      failed: (error) => {
        for (const { operation } of started) {
          const output = refusalOf(error)
          if (output !== null) end(operation, output)
          else if (appliedOf(error) === 'no') into.delete(operation)
        }
      },
      // A call of its own whose answer nobody gets.
      copied: () => {
        for (const call of calls) start(call)
      },
    }
  }

  #clientOf(sender: string): number {
    const known = this.#clients.get(sender) ?? this.#clients.size
    this.#clients.set(sender, known)
    return known
  }

  #next(): number {
    this.#events += 1
    return this.#events
  }
}

type KvCall = NonNullable<ReturnType<typeof kvCalls>>[number]
type DedupeCall = NonNullable<ReturnType<typeof dedupeCalls>>[number]

function refused(error: unknown): KvOutput | null {
  return isKind(error, 'AlreadyExists', 'ConditionNotMatch') ? { answer: 'refused' } : null
}
