/**
 * 64 identical concurrent calls to each host over each durable ledger make one effect, counted in another process, and get 64
 * equal answers.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kinds } from './crash/app.ts'
import { type Control, startControl } from './crash/control.ts'
import type { Answer, Life, Mortal } from './crash/life.ts'
import { stores } from './crash/stores.ts'

for (const store of await stores()) {
  const { name, missing } = store
  describe.skipIf(missing !== undefined)(
    missing === undefined ? name : `${name}, skipped: ${missing}`,
    () => {
      let control: Control
      let mortal: Mortal
      let life: Life
      beforeAll(async () => {
        control = await startControl()
        mortal = await store.open()
        life = await mortal.start(control.url)
      })
      afterAll(async () => {
        await life?.kill()
        await mortal?.close()
        await control?.close()
      })

      it.each(kinds)('64 calls of one key make one charge and get the same answer: %s', async (kind) => {
        const id = `crash-${kinds.indexOf(kind)}`
        // A call waits two seconds for another one, then is answered with 409 and must retry.
        const ask = async (): Promise<Answer> => {
          const answer = await life.call(`storm-${kind}`, id)
          return answer.body.code === 'IDEM_IN_FLIGHT' ? ask() : answer
        }
        const answers = await Promise.all(Array.from({ length: 64 }, ask))
        const charges = control.charges(id)
        expect(charges.length).toBe(1)
        expect(answers).toEqual(answers.map(() => ({ status: 200, body: { id, chargeId: charges[0] } })))
      })
    },
  )
}
