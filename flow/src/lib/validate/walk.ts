/** A depth-first walk that keeps its own stack: deep graphs do not overflow it. */

export interface Walk {
  /** Every name after all that lead to it; without meaning when there are cycles. */
  readonly order: readonly string[]
  /** One path per edge that closes a cycle: the names along it, the first one again at the end. */
  readonly cycles: readonly (readonly string[])[]
}

/** Longest part of a cycle that is kept. */
const maxShown = 12

export function depthFirst(names: readonly string[], followers: (name: string) => readonly string[]): Walk {
  const depth = new Map<string, number>()
  const done = new Set<string>()
  const finished: string[] = []
  const cycles: (readonly string[])[] = []
  for (const root of names) {
    if (done.has(root)) continue
    const path = [{ name: root, next: followers(root), at: 0 }]
    depth.set(root, 0)
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const follower = top.next[top.at++]
      if (follower === undefined) {
        path.pop()
        depth.delete(top.name)
        done.add(top.name)
        finished.push(top.name)
        continue
      }
      const open = depth.get(follower)
      if (open !== undefined) {
        const shown = path.slice(open, open + maxShown).map(({ name }) => name)
        cycles.push([...shown, ...(path.length - open > maxShown ? ['…'] : []), follower])
      } else if (!done.has(follower)) {
        depth.set(follower, path.length)
        path.push({ name: follower, next: followers(follower), at: 0 })
      }
    }
  }
  return { order: finished.reverse(), cycles }
}

/** All that can be reached from `from`, which is included. */
export function reachable(
  from: Iterable<string>,
  followers: (name: string) => readonly string[],
): ReadonlySet<string> {
  const seen = new Set(from)
  const open = [...seen]
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    for (const follower of followers(name)) {
      if (seen.has(follower)) continue
      seen.add(follower)
      open.push(follower)
    }
  }
  return seen
}
