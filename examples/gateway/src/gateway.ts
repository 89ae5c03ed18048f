/** A naive payment gateway: it charges once per call. It can lose its answers, and keeps keys only when told to. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import * as z from 'zod'
import { Charges } from './charges.ts'

export interface GatewayOptions {
  /** Where the charges are kept. */
  readonly file: string
  /** Whether a call with the `Idempotency-Key` of an earlier one returns its charge and makes none. Default false. */
  readonly keepsKeys?: boolean
  /** Cuts the connection of every nth call after its charge was made. 0, the default: of none. */
  readonly losesEvery?: number
  /** Milliseconds between a charge and its answer. Default 0. */
  readonly holdsMs?: number
}

const Order = z.object({ orderId: z.string().min(1).max(100), amountCents: z.number().int().positive() })
const maxBodyBytes = 16_384

export function createGateway({
  file,
  keepsKeys = false,
  losesEvery = 0,
  holdsMs = 0,
}: GatewayOptions): Server {
  const charges = new Charges(file)
  let calls = 0

  const charge = async (request: IncomingMessage, response: ServerResponse) => {
    const order = Order.safeParse(await jsonOf(request))
    if (!order.success) return answer(response, 400, { error: 'send { orderId, amountCents }' })
    const key = request.headers['idempotency-key']?.toString() ?? null
    const known = keepsKeys && key !== null ? charges.ofKey(key) : undefined
    const { chargeId } = known ?? charges.make({ ...order.data, key })
    calls += 1
    if (holdsMs > 0) await setTimeout(holdsMs)
    if (losesEvery > 0 && calls % losesEvery === 0) return request.socket.destroy()
    answer(response, 201, { chargeId })
  }

  return createServer((request, response) => {
    // A page asks first whether it may send JSON and a key.
    if (request.method === 'OPTIONS') return answer(response, 200, {})
    const [, orderId] = /^\/charges\/([^/?]+)$/.exec(request.url ?? '') ?? []
    if (request.method === 'POST' && request.url === '/charges')
      return void charge(request, response).catch(() =>
        answer(response, 400, { error: 'the body is no JSON' }),
      )
    if (request.method !== 'GET' || orderId === undefined)
      return answer(response, 404, { error: 'not found' })
    answer(response, 200, { charges: charges.count(decodeURIComponent(orderId)) })
  })
}

async function jsonOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength
    if (size > maxBodyBytes) throw new RangeError('the body is too large')
    chunks.push(chunk)
  }
  return JSON.parse(Buffer.concat(chunks).toString())
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'access-control-allow-origin': '*',
    'access-control-allow-headers': 'content-type, idempotency-key',
  })
  response.end(JSON.stringify(body))
}
