/** The payment gateway: a preset defined by the app itself, which provides `http:payments`. */
import {
  appliedByStatus,
  CapabilityError,
  createHttp,
  definePreset,
  type HttpRead,
  type HttpWrite,
  logging,
} from '@flowport/capabilities'
import { systemHttpDriver } from '@flowport/capabilities/system'
import * as Type from 'typebox'
import * as z from 'zod'

const env = Type.Object({
  PAYMENTS_URL: Type.String({
    default: 'http://127.0.0.1:4174',
    description: 'URL of the payment gateway. The start scripts start one and set this variable',
  }),
})

const provides = { http: { provider: 'payments', extensions: {} } } as const
const defaults = { as: 'payments' } as const

const preset = definePreset<{ readonly as?: string }, typeof env, typeof provides>({
  name: 'payments',
  env,
  provides,
  portable: { http: createHttp },
  layers: ({ log }) => [logging({ log })],
  open({ env: { PAYMENTS_URL } }) {
    const { fetch } = systemHttpDriver()
    // Nodes call the gateway as `http://payments`; the preset replaces that with its real address.
    const located = (request: Request) => {
      const { pathname, search } = new URL(request.url)
      return fetch(new Request(new URL(pathname + search, PAYMENTS_URL), request))
    }
    return { http: { info: provides.http, fetch: located } }
  },
})

/** Provides `http:payments`. */
export const payments = () => preset(defaults)

export interface Payment {
  readonly orderId: string
  readonly amountCents: number
}

const Charged = z.object({ chargeId: z.string() })
const Count = z.object({ charges: z.number().int() })

/** Charges on every call: neither this function nor the gateway detects a repeat. */
export async function charge(http: HttpWrite, payment: Payment, idempotencyKey: string): Promise<string> {
  const response = await http.fetch('http://payments/charges', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
    body: JSON.stringify(payment),
  })
  return Charged.parse(await answerOf(response)).chargeId
}

/** Resolves to the number of charges that the gateway made for the order. */
export async function countCharges(http: HttpRead, orderId: string): Promise<number> {
  const response = await http.fetch(`http://payments/charges/${encodeURIComponent(orderId)}`)
  return Count.parse(await answerOf(response)).charges
}

async function answerOf(response: Response): Promise<unknown> {
  if (response.ok) return response.json()
  await response.body?.cancel()
  throw new CapabilityError('Unavailable', `the payment gateway answered ${response.status}`, {
    applied: appliedByStatus(response.status),
  })
}
