/** Counts rejections that nothing handles, while a simulation runs. */

interface ProcessEvents {
  on(event: 'unhandledRejection', listener: (reason: unknown) => void): void
  off(event: 'unhandledRejection', listener: (reason: unknown) => void): void
}

export interface RejectionCounter {
  /** Rejections since the last call. */
  taken(): number
  close(): void
}

/** Listens on Node's process; elsewhere it counts nothing. */
export function countRejections(): RejectionCounter {
  const { process } = globalThis as { readonly process?: Partial<ProcessEvents> }
  let count = 0
  const listener = () => {
    count += 1
  }
  process?.on?.('unhandledRejection', listener)
  return {
    taken() {
      const taken = count
      count = 0
      return taken
    },
    close: () => process?.off?.('unhandledRejection', listener),
  }
}
