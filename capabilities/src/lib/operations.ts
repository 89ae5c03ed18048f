/** The static table of every operation's effect and replayability. Hints, retries, guards and preflight read it. */
import type { Domain } from './guarantees/domains.ts'

export type OperationEffect = 'read' | 'write'

export interface Operation {
  readonly effect: OperationEffect
  /** Whether a repeated call leaves the same state and returns the same answer. Conditional writes are not replayable. */
  readonly replayable: boolean
}

const read = { effect: 'read', replayable: true } as const
const write = { effect: 'write', replayable: true } as const
const once = { effect: 'write', replayable: false } as const

export const operations = {
  kv: {
    get: read,
    getWithMetadata: read,
    getMany: read,
    list: read,
    put: write,
    putConditional: once,
    delete: write,
    deleteMany: write,
  },
  blob: {
    head: read,
    get: read,
    list: read,
    presign: read,
    put: write,
    putConditional: once,
    delete: write,
    deleteMany: write,
    copy: write,
  },
  // Every ledger step carries its caller's token, so a repeated step recognises its own record and is replayable.
  dedupe: {
    putIfAbsent: write,
    begin: write,
    complete: write,
    commit: write,
    // Its writes may include messages, which a second call would send again.
    start: once,
    release: once,
    renew: write,
    abandon: write,
    unknowns: read,
    look: read,
    takeOver: write,
    forget: write,
  },
  queue: {
    send: once,
    sendBatch: once,
    receive: once,
    ack: once,
    retry: once,
    renew: write,
    reject: once,
    deadLetters: read,
    listDeadLetters: read,
    // A second call would not find, and not count, the letters that the first call moved.
    redrive: once,
  },
  // A commit carries its caller's token, as the ledger's steps do. The effect of a SQL statement is unknown here.
  state: {
    get: read,
    list: read,
    put: write,
    delete: write,
    commit: write,
    sqlExec: once,
    sqlOpen: once,
    sqlNext: once,
    alarmGet: read,
    alarmSet: write,
    alarmDelete: write,
  },
  cache: { get: read, set: write, delete: write },
  storage: {
    read,
    readBytes: read,
    readJson: read,
    stream: read,
    list: read,
    exists: read,
    stat: read,
    hash: read,
    write,
    // A retry could not distinguish its own earlier write from another writer's.
    writeCreateOnly: once,
    // A stream can be read only one time.
    writeStream: once,
    delete: write,
    copy: write,
    move: once,
    mkdir: write,
  },
  // The effect of a SQL statement is unknown here.
  db: { query: once },
  http: { read: read, write: once },
  clock: {},
  rng: {},
  secrets: { get: read },
} as const satisfies Record<Domain, Record<string, Operation>>

export type OperationOf<D extends Domain> = keyof (typeof operations)[D] & string
