/** DuckDB as a `DbDriver`: statements in turn, files lent by the storage, results of COPY handed to it. */
import {
  CapabilityError,
  checkNumbers,
  type DbDriver,
  type DbDriverQuery,
  type DbParameter,
  type DbResult,
} from '@flowport/capabilities'
import type { UriStorage } from '@flowport/capabilities/storage'
import { type Engine, lostEngine, startEngine } from './engine.ts'
import { execute, lineShiftOf } from './execute.ts'
import { compressed } from './compress.ts'
import { duckDbInfo } from './info.ts'
import { duckDbNumbers, type DuckDbOptions } from './options.ts'
import { type Plan, planStatement, type Target } from './plan.ts'
import { registerSource } from './sources.ts'
import { isUri, sqlTokens } from './tokens.ts'
import { isEngineLost, missingFile, translateError } from './translate-error.ts'
import { createTurns } from './turns.ts'

/** Most files that views and macros may name in one statement. */
const maxLateFiles = 1000
/** Most files of views, macros and prepared statements that are remembered. */
const maxKeptFiles = 10_000

export class DuckDbDriver implements DbDriver {
  readonly info = duckDbInfo
  readonly #storage: UriStorage
  readonly #options: DuckDbOptions
  readonly #turns = createTurns()
  #starting: Promise<Engine> | undefined
  #isClosed = false
  /** URIs that a view, a macro or a prepared statement names: only these are looked for while a statement runs. */
  readonly #kept = new Set<string>()

  constructor(storage: UriStorage, options: DuckDbOptions) {
    checkNumbers('duckdb', { ...options }, duckDbNumbers)
    this.#storage = storage
    this.#options = options
  }

  query(sql: string, parameters: readonly DbParameter[], call: DbDriverQuery): Promise<DbResult> {
    const { signal } = call
    const work = this.#turns.next(async () => {
      if (signal?.aborted) throw cancelledError(signal)
      const plan = await planStatement(sql, parameters, this.#storage, signal)
      return this.#run(plan, parameters, call)
    })
    return untilAborted(work, signal)
  }

  async check(): Promise<void> {
    await this.#engine()
  }

  /** Waits for the statement that runs. Tables in memory are gone; later statements are refused. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#turns.next(async () => {
      const engine = await this.#starting?.catch(() => undefined)
      this.#starting = undefined
      await engine?.stop()
    })
  }

  async #run(plan: Plan, parameters: readonly DbParameter[], call: DbDriverQuery): Promise<DbResult> {
    const engine = await this.#engine()
    const held = new Set(plan.targets.map(({ name }) => name))
    const calm = this.#watch(engine, call.signal)
    if (plan.isKept) this.#keep(plan.sources)
    try {
      for (const uri of plan.sources) await this.#lend(engine, uri, held, call.signal)
      const options = {
        maxRows: call.maxRows,
        numbers: this.#options.numbers ?? 'exact',
        signal: call.signal,
      }
      const run = () => execute(engine, plan.sql, parameters, options)
      const result = await this.#lending(engine, run, call.signal, held)
      for (const target of plan.targets) await this.#hand(engine, target, call)
      return result
    } catch (error) {
      if (isEngineLost(error)) await this.#forget(engine)
      if (call.signal?.aborted) throw cancelledError(call.signal)
      throw translateError(error, {
        names: new Map(plan.targets.map(({ name, uri }) => [name, uri])),
        lineShift: lineShiftOf(parameters),
        isParquet: plan.isParquet,
        version: engine.version,
        hasRepository: this.#options.extensionRepository !== undefined,
      })
    } finally {
      calm()
      await this.#dropAll(engine, held)
    }
  }

  /**
   * Runs a statement, and lends the engine the files it misses. The engine names them before it runs anything. Its words may
   * quote data as well, so a file is lent only where the text of a view, a macro or a prepared statement names it.
   */
  async #lending<T>(
    engine: Engine,
    run: () => Promise<T>,
    signal: AbortSignal | undefined,
    held: Set<string>,
  ): Promise<T> {
    for (;;) {
      try {
        return await run()
      } catch (error) {
        const uri = missingFile(error)
        if (uri === null || held.has(uri) || !this.#kept.has(uri) || held.size > maxLateFiles) throw error
        await this.#lend(engine, uri, held, signal)
      }
    }
  }

  #keep(uris: Iterable<string>): void {
    for (const uri of uris) this.#kept.add(uri)
    for (const oldest of this.#kept) {
      if (this.#kept.size <= maxKeptFiles) return
      this.#kept.delete(oldest)
    }
  }

  /** Runs the option `setup`, whose statements may do anything, and lends them the files they name. */
  async #setUp(engine: Engine): Promise<void> {
    for (const sql of this.#options.setup ?? []) {
      this.#keep(sqlTokens(sql).flatMap(({ text }) => (isUri(text) ? [text] : [])))
      const held = new Set<string>()
      await this.#lending(engine, () => engine.alive(engine.connection.query(sql)), undefined, held)
      for (const name of held) await engine.alive(engine.instance.dropFile(name))
    }
  }

  async #lend(
    engine: Engine,
    uri: string,
    held: Set<string>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { maxSourceBytes = 256 * 2 ** 20 } = this.#options
    await registerSource(engine, this.#storage, uri, { maxSourceBytes, signal })
    held.add(uri)
  }

  /** The storage replaces the target as a whole, so a failure before or in here leaves what was there. */
  async #hand({ instance, alive }: Engine, { uri, name }: Target, { signal }: DbDriverQuery): Promise<void> {
    const { maxTargetBytes: max = 2 ** 30 } = this.#options
    const bytes = await compressed(uri, await alive(instance.copyFileToBuffer(name)))
    if (bytes.length > max) {
      const message = `the COPY made ${bytes.length} bytes for "${uri}", the limit is ${max} (maxTargetBytes)`
      throw new CapabilityError('LimitExceeded', message, {
        key: uri,
        details: { limit: 'maxTargetBytes', max },
      })
    }
    await this.#storage.write(uri, bytes, signal === undefined ? {} : { signal })
  }

  /** Gives the engine up when it does not let go of an aborted statement in time. Call what it returns once it did. */
  #watch(engine: Engine, signal: AbortSignal | undefined): () => void {
    const { restartAfterMs } = this.#options
    if (signal === undefined || restartAfterMs === undefined) return () => undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    const abort = () => {
      timer = setTimeout(
        () => engine.lose(lostEngine('it did not let go of an aborted statement')),
        restartAfterMs,
      )
    }
    signal.addEventListener('abort', abort, { once: true })
    return () => {
      signal.removeEventListener('abort', abort)
      clearTimeout(timer)
    }
  }

  #engine(): Promise<Engine> {
    if (this.#isClosed) {
      const message = 'this database has been closed; open another one'
      return Promise.reject(new CapabilityError('Misconfigured', message, { code: 'DUCKDB_CLOSED' }))
    }
    this.#starting ??= startEngine(this.#options, (engine) => this.#setUp(engine)).catch((error: unknown) => {
      this.#starting = undefined
      throw error
    })
    return this.#starting
  }

  async #dropAll(engine: Engine, names: ReadonlySet<string>): Promise<void> {
    if (this.#gone.has(engine)) return
    try {
      for (const name of names) await engine.alive(engine.instance.dropFile(name))
    } catch {
      // The statement has its answer; an engine that cannot let go of a file is of no use to the next one.
      await this.#forget(engine)
    }
  }

  readonly #gone = new WeakSet<Engine>()

  /** The next statement starts another one. */
  async #forget(engine: Engine): Promise<void> {
    this.#gone.add(engine)
    this.#starting = undefined
    await engine.stop()
  }
}

function cancelledError(signal: AbortSignal): CapabilityError {
  return new CapabilityError('Cancelled', 'the caller cancelled the statement', { cause: signal.reason })
}

/** Settles at once when the signal fires; the work goes on until the engine lets go, and the next one waits for that. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise((resolve, reject) => {
    const abort = () => reject(cancelledError(signal))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
