/** An HTTP server whose answers a test writes, for answers a real server does not give on request. */
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { afterAll } from 'vitest'
import type { Radosgw } from './radosgw.ts'

const stops: (() => void)[] = []

/** Starts one on a free port. It stops after the tests of the file. */
export async function fakeServer(answer: RequestListener): Promise<Radosgw> {
  const http = createServer(answer)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  stops.push(() => {
    http.closeAllConnections()
    http.close()
  })
  const address = http.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { endpoint: `http://127.0.0.1:${port}`, accessKeyId: 'some key', secretAccessKey: 'some secret' }
}

afterAll(() => {
  for (const stop of stops.splice(0)) stop()
})

/** An error document of S3. */
export function errorXml(code: string): string {
  return `<?xml version="1.0"?><Error><Code>${code}</Code><Message>m</Message></Error>`
}

/** Sends status, headers and the first half of the body, then drops the connection. */
export function cutShort(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  response.write(body.slice(0, body.length / 2), () => response.destroy())
}
