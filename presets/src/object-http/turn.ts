/** Lets the platform send and receive in the middle of work that never waits by itself, such as reading from memory. */

/** Absent outside Node, where a timer stands in for it and takes at least a millisecond. */
const immediate: typeof setImmediate | undefined = globalThis.setImmediate

/** Bytes of work after which the platform should get its turn. */
export const turnBytes = immediate === undefined ? 8 * 1024 ** 2 : 1024 ** 2

export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (immediate === undefined) setTimeout(resolve)
    else immediate(resolve)
  })
}
