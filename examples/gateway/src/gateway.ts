/** A naive payment gateway that charges on every call. Options make it lose answers or honour idempotency keys. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import * as z from 'zod'
import { Charges } from './charges.ts'

export interface GatewayOptions {
  /** Path of the file that stores the charges. */
  readonly file: string
  /** Whether a call that repeats an `Idempotency-Key` returns the earlier charge instead of making another. Default false. */
  readonly keepsKeys?: boolean
  /** Closes the connection of every nth call after making its charge. Default 0: never. */
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
    // A browser sends a preflight request before it sends JSON and a key.
    if (request.method === 'OPTIONS') return answer(response, 200, {})
    const [, orderId] = /^\/charges\/([^/?]+)$/.exec(request.url ?? '') ?? []
    if (request.method === 'POST' && request.url === '/charges')
      return void charge(request, response).catch(() =>
        answer(response, 400, { error: 'the body is not JSON' }),
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
