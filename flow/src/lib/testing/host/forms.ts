/** Multipart forms are read alike by every host. */
import { expect } from 'vitest'
import type { HostGroup } from './case.ts'
import { runFormTable } from './forms/run-table.ts'

export const forms: HostGroup = {
  name: 'forms',
  cases: [
    {
      name: 'every form of the table has its outcome, and none leaves files behind',
      async run(ask) {
        const wrong = await runFormTable({
          send: (path, type, [body = null]) =>
            ask(path, { method: 'POST', headers: { 'content-type': type }, body }),
          get: (path) => ask(path),
        })
        expect(wrong).toEqual([])
      },
    },
  ],
}
