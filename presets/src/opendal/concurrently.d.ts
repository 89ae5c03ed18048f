/** What `work` makes of every item, in the order of the items, at most `width` at a time. */
export declare function concurrently<T, R>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<R>,
): Promise<R[]>
//# sourceMappingURL=concurrently.d.ts.map
