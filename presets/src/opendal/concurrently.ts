/** What `work` makes of every item, in the order of the items, at most `width` at a time. */
export async function concurrently<T, R>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  const todo = items.entries()
  const worker = async () => {
    for (const [i, item] of todo) results[i] = await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker))
  return results
}
