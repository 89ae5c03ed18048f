/** A connection that sends exactly what a test says, whole requests or not. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface RawConnection {
  readonly socket: Socket
  send(text: string | Uint8Array): void
  /** Resolves what has come when it matches; rejects when the server closes before that. */
  until(pattern: RegExp): Promise<string>
  /** Resolves all that came when the server has closed the connection. */
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

/** The head of a request with a body; `headers` go below the usual ones. */
export function head(method: string, path: string, length: number, headers: readonly string[] = []): string {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'host: localhost',
    'content-type: application/json',
    `content-length: ${length}`,
  ]
  return [...lines, ...headers, '', ''].join('\r\n')
}
