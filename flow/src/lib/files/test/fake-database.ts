/** A fake `Database`: notes what it is asked and answers what it is told. The engine itself runs in browsers only. */
import type { Database, DbParameter, DbResult } from '@flowport/capabilities'

export interface Asked {
  readonly sql: string
  readonly parameters: readonly DbParameter[] | undefined
  readonly options: unknown
}

export function fakeDatabase(
  answer: (asked: Asked) => DbResult,
): Database & { readonly asked: readonly Asked[] } {
  const asked: Asked[] = []
  return {
    info: { provider: 'fake' } as Database['info'],
    asked,
    query: (sql, parameters, options) => {
      const one = { sql, parameters, options }
      asked.push(one)
      return Promise.resolve(answer(one) as never)
    },
  }
}
