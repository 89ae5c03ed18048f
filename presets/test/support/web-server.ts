/** A web server of the tests' own, for answers no real one gives. Closed with the test file. */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll } from 'vitest'

export interface WebServer {
  /** Without a slash at its end. */
  readonly url: string
  readonly port: number
  /** Every request, in order. */
  readonly requests: IncomingMessage[]
}

const servers: Server[] = []

// Here, where the file that imports this is being collected: from within a test it would not be heard.
afterAll(() => {
  for (const server of servers.splice(0)) {
    server.close()
    server.closeAllConnections()
  }
})

export async function startWebServer(answer: RequestListener): Promise<WebServer> {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    // A client that leaves is part of the tests.
    response.on('error', () => undefined)
    answer(request, response)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, port, requests }
}
