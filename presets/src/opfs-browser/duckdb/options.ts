/** What `openDuckDb` and the preset `duckDb` are told. */
import { countOrInfinityRule, countRule, timerRule } from '@flowport/capabilities'
import type { DomWorker } from '../dom-types.ts'
import type { DuckDbModule } from './module.ts'
import type { Numbers } from './values.ts'

/** Where the engine's two files are served, with the page's own origin. */
export interface DuckDbBundle {
  /**
   * `duckdb-browser-eh.worker.js` of `@duckdb/duckdb-wasm`, or what makes a worker of it, where the page requires Trusted Types:
   * `() => new Worker(policy.createScriptURL('/duckdb-browser-eh.worker.js'))`.
   */
  readonly worker: string | URL | (() => DomWorker)
  /** `duckdb-eh.wasm` of `@duckdb/duckdb-wasm`: 18 MB, 4 MB compressed. */
  readonly wasm: string | URL
}

export interface DuckDbOptions {
  /** Default: found in `node_modules` by bundlers that read `new URL(…, import.meta.url)`, such as Vite. */
  readonly bundle?: DuckDbBundle
  /** Most memory of the engine in bytes; beyond it a statement is `LimitExceeded`. Default: the engine's own limit. */
  readonly memoryLimitBytes?: number
  /**
   * Largest file in bytes that is read into memory: one that does not come from OPFS. Files of OPFS are read in place.
   * Default 256 MiB.
   */
  readonly maxSourceBytes?: number
  /** Largest file in bytes that a COPY may write: it is made in memory first. Default 1 GiB. */
  readonly maxTargetBytes?: number
  /**
   * `'exact'`: BIGINT and HUGEINT are `bigint`, DECIMAL is text such as `'12.30'`. `'plain'`: all are `number`, and an integer
   * that no number holds exactly is `LimitExceeded`; fit for JSON. Default `'exact'`.
   */
  readonly numbers?: Numbers
  /**
   * Where extensions are fetched from, such as `'/duckdb-extensions'`. For `@duckdb/duckdb-wasm` after 1.28.0, which has parquet no
   * longer built in. Default: none are fetched.
   */
  readonly extensionRepository?: string | URL
  /**
   * Milliseconds an aborted statement may keep the engine busy before it is stopped and started again, without the tables it
   * had in memory. The engine lets go between its steps, which a join that explodes makes long. Default: waits.
   */
  readonly restartAfterMs?: number
  /** Milliseconds without a byte of the engine arriving, after which starting it is `Unavailable`. Default 60 000. */
  readonly startTimeoutMs?: number
  /** Statements run each time the engine starts, also after it was lost. Default none. */
  readonly setup?: readonly string[]
  /** Default: `import('@duckdb/duckdb-wasm')`, at the first use. */
  readonly load?: () => Promise<DuckDbModule>
}

/** What fits the options that are numbers. */
export const duckDbNumbers = {
  memoryLimitBytes: countRule(),
  maxSourceBytes: countOrInfinityRule(0),
  maxTargetBytes: countOrInfinityRule(0),
  restartAfterMs: timerRule(),
  startTimeoutMs: timerRule(1),
}
