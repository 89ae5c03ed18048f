/** A form sent to two hosts counts as the same request, even though its boundary differs. */
import { expect, it } from 'vitest'
import { describePairs } from './support/recorded-pairs.ts'

function formOf(order: string, content: string): FormData {
  const form = new FormData()
  form.append('file', new File([content], 'invoice.pdf', { type: 'application/pdf' }))
  // Sent after the file whose key is built from it.
  form.append('order', order)
  return form
}

await describePairs((pair) => {
  const send = async (host: 0 | 1, order: string, content: string) => {
    const body = formOf(order, content)
    const response = await fetch(`${pair().urls[host]}/invoices`, { method: 'POST', body })
    return { status: response.status, body: (await response.json()) as { run?: string; code?: string } }
  }

  it.each([
    [0, 1],
    [1, 0],
  ] as const)('a form handled by host %i gets the same answer from host %i', async (first, second) => {
    const order = crypto.randomUUID()
    const done = await send(first, order, 'of the order')
    expect(done).toMatchObject({
      status: 200,
      body: { keys: [expect.stringContaining(`invoices/${order}/`)] },
    })
    expect(await send(second, order, 'of the order')).toEqual(done)
    expect(await send(second, order, 'of another')).toMatchObject({ status: 422, body: { code: 'IDEM099' } })
  })

  it('identical concurrent forms to both hosts have one effect', async () => {
    const order = crypto.randomUUID()
    const answers = await Promise.all(
      Array.from({ length: 16 }, (_, n) => send(n % 2 === 0 ? 0 : 1, order, 'x'.repeat(100_000))),
    )
    const runs = answers.filter(({ status }) => status === 200).map(({ body }) => body.run)
    expect(new Set(runs).size).toBe(1)
    for (const { status, body } of answers)
      if (status !== 200) expect([status, body.code]).toEqual([409, 'IDEM_IN_FLIGHT'])
  })
})
