/** Which groups of keys a partition has in the directory of its store, and how it enters and leaves the directory. */
import { durableObject, isObjectNamespace, type ObjectNamespace } from '../cloudflare/durable/addressing.ts'
import { callObject, noNativeRetry } from '../cloudflare/durable/call-object.ts'
import { LazyTable } from '../cloudflare/durable/lazy-table.ts'
import type { ObjectSql } from '../cloudflare/durable/object-state.ts'
import { CapabilityError } from '@flowport/capabilities'
import { placeParts } from '../cloudflare/durable-ledger/tell-index.ts'
import type { PartitionCalls } from './protocol.ts'

export class Enrolment {
  readonly #sql: ObjectSql
  readonly #env: unknown
  readonly #table: LazyTable
  /** The directory of each group. */
  readonly #groups = new Map<string, string>()

  constructor(sql: ObjectSql, env: unknown) {
    this.#sql = sql
    this.#env = env
    this.#table = new LazyTable(sql, 'enrolled', [
      'CREATE TABLE IF NOT EXISTS enrolled (name TEXT NOT NULL PRIMARY KEY, directory TEXT NOT NULL) STRICT, WITHOUT ROWID',
    ])
    if (!this.#table.exists) return
    const rows = sql.exec<{ name: string; directory: string }>('SELECT name, directory FROM enrolled')
    for (const { name, directory } of rows) this.#groups.set(name, directory)
  }

  get groups(): ReadonlyMap<string, string> {
    return this.#groups
  }

  missing(groups: Iterable<string>): readonly string[] {
    return [...new Set(groups)].filter((group) => !this.#groups.has(group))
  }

  /** Asks the directory to list the groups. Call `keep` with the write that follows. */
  async enter(groups: readonly string[], directory: string): Promise<void> {
    await this.#ask(directory, (object) => object.enroll(groups))
  }

  /** Keeps that the groups are listed: in the same step as the first entry, so that one is never there without the other. */
  keep(groups: readonly string[], directory: string): void {
    this.#table.make()
    for (const name of groups) {
      this.#sql.exec('INSERT OR REPLACE INTO enrolled (name, directory) VALUES (?, ?)', name, directory)
      this.#groups.set(name, directory)
    }
  }

  /** Has groups removed. One that stays listed costs each listing one call, and hides nothing. */
  async leave(groups: ReadonlyMap<string, string>): Promise<void> {
    for (const directory of new Set(groups.values())) {
      const names = [...groups].filter(([, of]) => of === directory).map(([name]) => name)
      await this.#ask(directory, (object) => object.leave(names)).catch(() => undefined)
    }
  }

  emptied(): void {
    this.#table.gone()
    this.#groups.clear()
  }

  #ask(place: string, ask: (object: PartitionCalls) => ReturnType<PartitionCalls['leave']>): Promise<null> {
    const { binding: name, id } = placeParts(place)
    const binding = (Object(this.#env) as Readonly<Record<string, unknown>>)[name]
    if (!isObjectNamespace(binding)) {
      const message = `the Worker that has the class PartitionObject has no binding ${name}: bind the class under the name that callers use`
      return Promise.reject(new CapabilityError('Misconfigured', message, { details: { binding: name } }))
    }
    const namespace = binding as ObjectNamespace<PartitionCalls>
    return callObject(() => durableObject(namespace, { id, retry: noNativeRetry }), {}, ask)
  }
}
