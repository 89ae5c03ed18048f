/** Resolves when every promise job has run: between two events of a schedule, and nowhere else, the platform gets its turn. */

/** The platform's own turn: `setImmediate` where there is one, else a message to itself. */
export function drainOfPlatform(): () => Promise<void> {
  const { setImmediate } = globalThis as { readonly setImmediate?: (turn: () => void) => unknown }
  if (setImmediate !== undefined) return () => new Promise((resolve) => void setImmediate(resolve))
  const { port1, port2 } = new MessageChannel()
  const waiting: (() => void)[] = []
  port1.addEventListener('message', () => waiting.shift()?.())
  port1.start()
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve)
      port2.postMessage(null)
    })
}
