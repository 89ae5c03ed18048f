/** A fake carrier: it answers the first call for each order with 503, and later calls with a label. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

export interface Carrier {
  readonly url: string
  /** Number of calls for the order. */
  calls(order: string): number
  close(): Promise<void>
}

export async function startCarrier(): Promise<Carrier> {
  const calls = new Map<string, number>()
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      const { order } = body as { readonly order: string }
      const count = (calls.get(order) ?? 0) + 1
      calls.set(order, count)
      if (count === 1) return response.writeHead(503, { 'retry-after': '0' }).end()
      return response
        .writeHead(201, { 'content-type': 'application/json' })
        .end(JSON.stringify({ label: `label of ${order}` }))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    calls: (order) => calls.get(order) ?? 0,
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
