/** Random turns of the microtask queue, so that callers in one process overlap in many ways. */
import type { Rng } from '../rng/contract.ts'

export async function randomTurns(rng: Pick<Rng, 'int'>): Promise<void> {
  for (let turns = rng.int(0, 6); turns > 0; turns--) await Promise.resolve()
}
