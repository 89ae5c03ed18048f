/** Starts DuckDB in a worker of its own, and notices when it is lost. */
import { CapabilityError } from '@flowport/capabilities'
import { loadDuckDb } from './load.ts'
import type { DuckDbConnection, DuckDbInstance } from './module.ts'
import type { DuckDbBundle, DuckDbOptions } from './options.ts'
import { quoted } from './tokens.ts'

export interface Engine {
  readonly instance: DuckDbInstance
  readonly connection: DuckDbConnection
  /** Of files read in place. */
  readonly fileProtocol: number
  /** As the engine tells, such as `v0.9.1`. */
  readonly version: string
  /** Settles as `answer` does, or rejects when the worker is lost: the engine itself would wait for ever. */
  alive<T>(answer: Promise<T>): Promise<T>
  /** Ends it as if it were lost: what waits for it is rejected. */
  lose(reason: CapabilityError): void
  stop(): Promise<void>
}

/** `setUp` runs before any other statement; what it throws keeps the engine from starting. */
export async function startEngine(
  options: DuckDbOptions,
  setUp: (engine: Engine) => Promise<void>,
): Promise<Engine> {
  checkPolicy()
  const module = await loadDuckDb(options.load)
  const { worker: script, wasm } = options.bundle ?? defaultBundle()
  const worker = startWorker(script)
  const { promise: lost, reject: lose } = Promise.withResolvers<never>()
  worker.addEventListener('error', (event) => {
    event.preventDefault()
    lose(lostEngine(event.message))
  })
  // Whoever waits for an answer hears of it.
  lost.catch(() => undefined)
  const alive = <T>(answer: Promise<T>) => Promise.race([answer, lost])
  const instance = new module.AsyncDuckDB(new module.VoidLogger(), worker)
  try {
    await alive(instantiated(instance, absolute(wasm), options.startTimeoutMs ?? 60_000))
    await alive(instance.open({ path: ':memory:' }))
    const connection = await alive(instance.connect())
    const version = await alive(instance.getVersion())
    for (const statement of settings(options, version)) await alive(connection.query(statement))
    const engine: Engine = {
      instance,
      connection,
      fileProtocol: module.DuckDBDataProtocol.BROWSER_FILEREADER,
      version,
      alive,
      lose,
      stop: () => instance.terminate(),
    }
    await setUp(engine)
    return engine
  } catch (error) {
    await instance.terminate()
    if (error instanceof CapabilityError) throw error
    throw notStarted(error, absolute(wasm))
  }
}

/** Versions up to this one have parquet built in; what is newer fetches it as an extension. */
export function hasParquet(version: string): boolean {
  return version === 'v0.9.1' || /^v0\.[0-8]\./.test(version)
}

function settings(
  { memoryLimitBytes, extensionRepository }: DuckDbOptions,
  version: string,
): readonly string[] {
  const statements: string[] = []
  if (memoryLimitBytes !== undefined) statements.push(`SET memory_limit = '${memoryLimitBytes}B'`)
  if (extensionRepository !== undefined)
    statements.push(`SET custom_extension_repository = ${quoted(absolute(extensionRepository))}`)
  else if (!hasParquet(version)) {
    statements.push('SET autoinstall_known_extensions = false', 'SET autoload_known_extensions = false')
  }
  return statements
}

/** The engine waits for ever for a wasm that it does not get, so what goes wrong with that is looked for here. */
async function instantiated(instance: DuckDbInstance, wasm: string, silenceMs: number): Promise<void> {
  const { promise: failed, reject } = Promise.withResolvers<never>()
  const expire = () => {
    const message = `DuckDB did not start from ${wasm}: nothing arrived for ${silenceMs} ms`
    reject(new CapabilityError('Unavailable', message, { code: 'DUCKDB_NOT_STARTED' }))
  }
  let timer = setTimeout(expire, silenceMs)
  const arrived = () => {
    clearTimeout(timer)
    timer = setTimeout(expire, silenceMs)
  }
  void checkServed(wasm).catch(reject)
  try {
    await Promise.race([instance.instantiate(wasm, null, arrived), failed])
  } finally {
    clearTimeout(timer)
  }
}

/** Refuses what would not compile; who does not answer is left to the engine. */
async function checkServed(wasm: string): Promise<void> {
  const answer = await fetch(wasm, { method: 'HEAD' }).catch(() => null)
  if (answer === null) return
  const type = answer.headers.get('content-type') ?? ''
  const isAbsent = [403, 404, 410].includes(answer.status)
  if (!isAbsent && !(answer.ok && /^text\//i.test(type))) return
  const why = isAbsent
    ? `it answers ${answer.status}`
    : `it is served as "${type}", which must be application/wasm`
  throw new CapabilityError(
    'Misconfigured',
    `DuckDB cannot be loaded from ${wasm}: ${why}; see the option bundle`,
    {
      code: 'DUCKDB_NOT_STARTED',
    },
  )
}

/** Compiles the smallest module there is. */
function checkPolicy(): void {
  const compile = () => new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0))
  try {
    compile()
  } catch (cause) {
    const message = `DuckDB may not run here: the Content-Security-Policy of the page must allow it (script-src 'wasm-unsafe-eval')`
    throw new CapabilityError('Misconfigured', message, { code: 'DUCKDB_CSP', cause })
  }
}

function startWorker(script: DuckDbBundle['worker']): Worker {
  if (typeof Worker === 'undefined') {
    const message =
      'DuckDB runs in a worker, which cannot be started here; open it in a page or in a dedicated worker'
    throw new CapabilityError('Misconfigured', message, { code: 'DUCKDB_NO_WORKER' })
  }
  try {
    return typeof script === 'function' ? script() : new Worker(absolute(script))
  } catch (cause) {
    const from = typeof script === 'function' ? 'the function of the option bundle' : absolute(script)
    const message = `the worker of DuckDB cannot be started from ${from}; ${workerAdvice()}`
    throw new CapabilityError('Misconfigured', message, { code: 'DUCKDB_NO_WORKER', cause })
  }
}

function workerAdvice(): string {
  if (globalThis.origin === 'null')
    return 'the page is in a sandboxed frame; add allow-same-origin to the sandbox of the frame'
  const origin =
    "it must come from the page's own origin, and a Content-Security-Policy must allow it (worker-src)"
  if (!('trustedTypes' in globalThis)) return origin
  return `${origin}; under require-trusted-types-for 'script', give bundle.worker as a function that makes it of a TrustedScriptURL`
}

function defaultBundle(): DuckDbBundle {
  return {
    worker: new URL('@duckdb/duckdb-wasm/dist/duckdb-browser-eh.worker.js', import.meta.url),
    wasm: new URL('@duckdb/duckdb-wasm/dist/duckdb-eh.wasm', import.meta.url),
  }
}

function absolute(url: string | URL): string {
  return new URL(url, globalThis.location.href).href
}

export function lostEngine(said: string): CapabilityError {
  return new CapabilityError(
    'Unavailable',
    'the worker of DuckDB failed; it is started again by the next statement, without the tables it had in memory',
    { code: 'DUCKDB_LOST', cause: new Error(said) },
  )
}

function notStarted(cause: unknown, wasm: string): CapabilityError {
  const said = cause instanceof Error ? cause.message : ''
  if (/^(?:Parser|Binder|Catalog|Invalid Input|Syntax|IO) Error/.test(said)) {
    const message = `a setting or a statement of setup was refused: ${said}`
    return new CapabilityError('Misconfigured', message, { code: 'DUCKDB_SETUP', cause })
  }
  return new CapabilityError('Unavailable', `DuckDB did not start from ${wasm}: ${said}`, {
    code: 'DUCKDB_NOT_STARTED',
    cause,
  })
}
