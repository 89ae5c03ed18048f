/** What a commit checks and writes among the entries of a partition, inside its transaction. */
import { pageText } from '@flowport/capabilities'
import type { KvEntries } from '../cloudflare/durable-ledger/kv-entries.ts'
import { pageOf } from '../cloudflare/durable-ledger/kv-rows.ts'
import type { EntryWrite, ReadCheck } from './protocol.ts'

/** Whether everything that was read is still so. */
export function holdIn(entries: KvEntries, reads: readonly ReadCheck[], now: number): boolean {
  return reads.every((read) => {
    if (read.kind === 'entry') return entries.versionOf(read.key, now) === read.version
    const { prefix, after, limit, text } = read
    return pageText(pageOf(entries.list(prefix, after, limit, now))) === text
  })
}

export function writeInto(entries: KvEntries, writes: readonly EntryWrite[]): void {
  for (const write of writes) {
    if (write.kind === 'put') entries.write(write.key, write)
    else entries.delete([write.key])
  }
}
