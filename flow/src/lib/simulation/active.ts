/** The world that is being simulated. There is one at a time: simulations wait for each other. */
import type { World } from './world.ts'

let active: World | undefined
let last: Promise<unknown> = Promise.resolve()

export function setActiveWorld(world: World | undefined): void {
  active = world
}

/** @throws TypeError outside a simulation. */
export function activeWorld(what: string): World {
  if (active !== undefined) return active
  throw new TypeError(`${what} works inside simulate() only: it sends over the simulated network`)
}

/** Runs the work when every simulation before it has ended. */
export function oneAtATime<T>(work: () => Promise<T>): Promise<T> {
  const mine = last.then(work)
  last = mine.catch(() => undefined)
  return mine
}
