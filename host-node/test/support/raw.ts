/** A connection that sends exactly the bytes of a test, even incomplete requests. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface RawConnection {
  readonly socket: Socket
  send(text: string | Uint8Array): void
  /** Resolves to the received text when it matches. Rejects if the server closes the connection before. */
  until(pattern: RegExp): Promise<string>
  /** Resolves to all received text when the server has closed the connection. */
  readonly closed: Promise<string>
}

export async function openRaw(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  let received = ''
  socket.setEncoding('latin1').on('data', (text: string) => void (received += text))
  socket.on('error', () => undefined)
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(received)))
  return {
    socket,
    send: (text) => void socket.write(text),
    closed,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!pattern.test(received)) return
          socket.off('data', look)
          resolve(received)
        }
        socket.on('data', look)
        void closed.then(() => reject(new Error(`closed after: ${received}`)))
        look()
      }),
  }
}

/** Returns the head of a request with a body. `headers` follow the usual ones. */
export function head(method: string, path: string, length: number, headers: readonly string[] = []): string {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'host: localhost',
    'content-type: application/json',
    `content-length: ${length}`,
  ]
  return [...lines, ...headers, '', ''].join('\r\n')
}
