/**
 * What an object of a SQLite class takes: https://developers.cloudflare.com/durable-objects/platform/limits/. Where the
 * page says KB or MB, the smaller reading is taken: 1000 and 1 000 000 bytes. workerd enforces exactly 100 000 bytes of
 * statement, 100 parameters, 100 columns and 50 bytes of pattern; it does not enforce rows and function arguments.
 */
import type { StateLimits } from '@flowport/capabilities'

/** Largest row, text or blob. */
const maxRowBytes = 2_000_000

/** What a row of entries holds beside key and value: its header and version. */
const rowOverheadBytes = 64

/** A quarter of what one RPC may carry, 32 MiB: text that is not Latin takes two bytes a character there. */
const maxAnswerBytes = 8 * 1024 * 1024

export const durableStateLimits = {
  /** Longer names are not to be seen inside the object: https://developers.cloudflare.com/durable-objects/api/id/ */
  maxNameBytes: 1024,
  maxKeyBytes: 2048,
  maxValueBytes: maxRowBytes - rowOverheadBytes,
  maxEntryBytes: maxRowBytes - rowOverheadBytes,
  maxListKeys: 1000,
  maxTransactionEntries: 1000,
  maxTransactionBytes: maxAnswerBytes,
  sql: {
    maxStatementBytes: 100_000,
    maxParameters: 100,
    maxColumns: 100,
    maxFunctionArguments: 32,
    maxLikePatternBytes: 50,
    maxRowBytes,
    maxResultBytes: maxAnswerBytes,
  },
} as const satisfies StateLimits

/** Rows and bytes of one batch of a cursor: what the object and the caller hold of it at a time. */
export const batchRows = 500
export const batchBytes: number = 1024 * 1024

/**
 * Largest attachment of a WebSocket, as V8 serialises it:
 * https://developers.cloudflare.com/durable-objects/api/websockets/
 */
export const maxAttachmentBytes = 16_384
