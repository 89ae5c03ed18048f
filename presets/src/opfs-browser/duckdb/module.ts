/** What is used of `@duckdb/duckdb-wasm`, by shape: the package is an optional peer, and its types differ by version. */
import type { DomWorker } from '../dom-types.ts'

export interface DuckDbModule {
  readonly AsyncDuckDB: new (logger: DuckDbLogger, worker: DomWorker) => DuckDbInstance
  readonly VoidLogger: new () => DuckDbLogger
  readonly DuckDBDataProtocol: { readonly BROWSER_FILEREADER: number }
}

// biome-ignore lint/complexity/noBannedTypes: nothing of it is used here.
export type DuckDbLogger = {}

export interface DuckDbInstance {
  instantiate(wasm: string, threads: null, onProgress: () => void): Promise<unknown>
  open(config: { readonly path: string }): Promise<void>
  getVersion(): Promise<string>
  connect(): Promise<DuckDbConnection>
  registerFileBuffer(name: string, bytes: Uint8Array): Promise<void>
  registerFileHandle(name: string, handle: Blob, protocol: number, directIo: boolean): Promise<void>
  copyFileToBuffer(name: string): Promise<Uint8Array>
  dropFile(name: string): Promise<unknown>
  terminate(): Promise<void>
}

export interface DuckDbConnection {
  /** Runs a statement to its end; nothing cancels it. */
  query(sql: string): Promise<ArrowTable>
  /** Starts a statement that can be cancelled; its rows come in batches. */
  send(sql: string): Promise<ArrowReader>
  cancelSent(): Promise<boolean>
}

export interface ArrowTable {
  readonly schema: ArrowSchema
  readonly batches: readonly ArrowBatch[]
}

export interface ArrowReader extends AsyncIterable<ArrowBatch> {
  /** Reads as far as the schema. */
  open(): Promise<unknown>
  /** There once it is open, and until the last batch has been read. */
  readonly schema: ArrowSchema
}

export interface ArrowBatch {
  readonly schema: ArrowSchema
  readonly numRows: number
  getChildAt(index: number): ArrowVector | null
}

export interface ArrowSchema {
  readonly fields: readonly ArrowField[]
}

export interface ArrowField {
  readonly name: string
  readonly type: ArrowType
}

export interface ArrowVector {
  get(index: number): unknown
}

/** A type of Arrow; which of the fields are there depends on `typeId`. */
export interface ArrowType {
  readonly typeId: number
  readonly bitWidth?: number
  readonly isSigned?: boolean
  readonly precision?: number
  readonly scale?: number
  readonly unit?: number
  readonly timezone?: string | null
  readonly children?: readonly ArrowField[] | null
}
