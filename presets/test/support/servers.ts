/** What the tests' servers share: a free port, and waiting until something answers. */
import { createServer } from 'node:net'

/** A port of 127.0.0.1 that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

/** Resolves when the server answers anything; rejects after a minute, with what `why` tells then. */
export async function answering(name: string, url: string, why: () => string = () => ''): Promise<void> {
  for (let left = 600; ; left--) {
    const answer = await fetch(url).catch((error: unknown) => error)
    if (answer instanceof Response) return answer.body?.cancel()
    if (left === 0) throw new Error(`${name} did not start within a minute ${why()}`, { cause: answer })
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
