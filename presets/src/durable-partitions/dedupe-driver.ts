/** The ledger of `durable-partitions`: a ledger on Durable Objects that also commits a partition's entries with a record. */
import {
  CapabilityError,
  type Changes,
  checkSize,
  type CommitOutcome,
  type CommitRecord,
  decodeCursor,
  type DriverCall,
  keyPartitions,
  type TransactionRead,
  type TransactionWrite,
  utf8Length,
} from '@flowport/capabilities'
import { callObject } from '../cloudflare/durable/call-object.ts'
import {
  DurableDedupeDriver,
  type DurableDedupeDriverOptions,
} from '../cloudflare/durable-ledger/dedupe-driver.ts'
import { storedBeside } from '../cloudflare/durable-ledger/kv-rows.ts'
import { answerBytes } from '../cloudflare/durable-ledger/limits.ts'
import { PartitionKvDriver } from './kv-driver.ts'
import { partitionOfRecord } from './places.ts'
import type { EntryWrite, PartitionCalls, ReadCheck } from './protocol.ts'

/** Bytes that a condition or a write adds to the call beside its texts. */
const framingBytes = 64

export interface PartitionDedupeDriverOptions extends Omit<DurableDedupeDriverOptions, 'stubOf'> {
  readonly stubOf: (name: string) => PartitionCalls
  /** Where partitions find the object that lists them. */
  readonly directoryPlace: () => string
}

export class PartitionDedupeDriver extends DurableDedupeDriver {
  readonly #options: PartitionDedupeDriverOptions

  constructor(options: PartitionDedupeDriverOptions) {
    super(options)
    this.#options = options
  }

  async commit(record: CommitRecord, { reads, writes }: Changes, call: DriverCall): Promise<CommitOutcome> {
    const partition = partitionOfRecord(record.key)
    if (partition === null) throw unplaced()
    for (const change of [...reads, ...writes]) this.#checkPlace(change, partition)
    const changes = { reads: reads.map(readCheck), writes: writes.map(entryWrite) }
    checkSize(bytesOf(changes.reads, changes.writes), answerBytes, 'transaction', {
      capability: 'dedupe',
      operation: 'commit',
    })
    const { places, stubOf, directoryPlace } = this.#options
    return callObject(
      () => stubOf(places.objectOf(record.key)),
      call,
      (object) => object.commit(record, changes, directoryPlace()),
    )
  }

  #checkPlace(change: TransactionRead | TransactionWrite, partition: string): void {
    const { store } = change
    if (!(store instanceof PartitionKvDriver) || store.info.transaction !== this.info.transaction)
      throw new CapabilityError(
        'Misconfigured',
        'a store of the transaction is not in the objects of the ledger',
      )
    if (change.kind === 'send') return
    const found =
      change.kind === 'page' ? keyPartitions.ofPrefix(change.list.prefix) : keyPartitions.of(change.key)
    if (found !== partition)
      throw new CapabilityError(
        'Misconfigured',
        `the transaction is in "${partition}", and uses keys elsewhere`,
        {
          code: 'EXACT004',
        },
      )
  }
}

function readCheck(read: TransactionRead): ReadCheck {
  if (read.kind === 'entry') return { kind: 'entry', key: read.key, version: read.version }
  const { prefix, cursor, limit } = read.list
  return {
    kind: 'page',
    prefix,
    after: cursor === undefined ? '' : decodeCursor(cursor),
    limit,
    text: read.text,
  }
}

function entryWrite(write: TransactionWrite): EntryWrite {
  if (write.kind === 'delete') return { kind: 'delete', key: write.key }
  if (write.kind === 'send') throw new CapabilityError('Unsupported', 'a partition keeps no messages')
  const { key, value, version } = write
  return { kind: 'put', key, value, version, ...storedBeside(write) }
}

/** The bytes of a commit, as far as the caller decides them. */
function bytesOf(reads: readonly ReadCheck[], writes: readonly EntryWrite[]): number {
  let bytes = 0
  for (const read of reads)
    bytes += framingBytes + utf8Length(read.kind === 'entry' ? read.key : read.prefix + read.text)
  for (const write of writes) {
    bytes += framingBytes + utf8Length(write.key)
    if (write.kind === 'delete') continue
    bytes += typeof write.value === 'string' ? utf8Length(write.value) : write.value.byteLength
    bytes += utf8Length(write.metadata ?? '')
  }
  return bytes
}

function unplaced(): CapabilityError {
  const message = 'the record names no partition, and this ledger commits within one'
  return new CapabilityError('Misconfigured', `${message}: add idempotency.partition to the atomic node`, {
    code: 'EXACT004',
  })
}
