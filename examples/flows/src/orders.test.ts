import { testApp } from '@flowport/flow/testing'
import { describe, expect, it } from 'vitest'
import app from './app.ts'
import { postOrder } from './orders.ts'

const order = { orderId: 'o-1', amountCents: 500 }

/** A payment gateway that counts its charges. */
function gateway() {
  const charges: unknown[] = []
  const http = async (request: Request) => {
    charges.push(await request.json())
    return Response.json({ chargeId: `charge-${charges.length}` })
  }
  return { charges, http }
}

describe('orders', () => {
  it('are charged once, however often they are posted', async () => {
    const { charges, http } = gateway()
    await using test = await testApp(app, { http })
    expect(await test.invoke(postOrder, order)).toEqual({ ...order, chargeId: 'charge-1' })
    expect(await test.invoke(postOrder, order)).toEqual({ ...order, chargeId: 'charge-1' })
    expect(charges).toEqual([order])
  })

  it('replay the recorded answer of an idempotency key', async () => {
    const { charges, http } = gateway()
    await using test = await testApp(app, { http })
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': '"k-1"' },
      body: JSON.stringify(order),
    }
    const first = await test.fetch('/orders', init)
    const second = await test.fetch('/orders', init)
    expect([first.status, second.status]).toEqual([201, 201])
    expect(await second.text()).toBe(await first.text())
    expect(charges).toHaveLength(1)
  })

  it('stay unknown when the answer of the gateway is lost', async () => {
    await using test = await testApp(app, { http: () => Promise.reject(new TypeError('fetch failed')) })
    await expect(test.invoke(postOrder, order)).rejects.toMatchObject({ flow: 'post-order' })
    await expect(test.invoke(postOrder, order)).rejects.toMatchObject({ cause: { code: 'IDEM_UNKNOWN' } })
    expect(test.called.filter(({ domain }) => domain === 'http')).toHaveLength(1)
  })
})
