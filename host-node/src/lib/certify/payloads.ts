/** Makes payloads with unique keys, and counts their effects with the certification's `count`. */
import type { NodeEffects } from '@flowport/flow'
import { randomUUID } from 'node:crypto'
import type { CertifyOptions, EffectCount } from './options.ts'
import type { Counted, World } from './vectors.ts'

/** Milliseconds within which a sink must show an effect after its caller got a result. */
const countPatienceMs = 2_000

/** The keys are unique, even among certifications over the same stores. */
export function payloads<I>(
  derived: readonly NodeEffects[],
  { input, count }: CertifyOptions<I>,
  pause: World['sleep'],
): World['next'] {
  const prefix = `certify-${randomUUID().slice(0, 8)}`
  let made = 0
  return () => {
    const key = `${prefix}-${made++}`
    const counted = async () => (count === undefined ? null : byNode(await count(key), derived))
    return {
      input: input(key),
      count: counted,
      async countAtLeastOne() {
        const giveUpAt = performance.now() + countPatienceMs
        for (;;) {
          const effects = await counted()
          const isComplete = effects === null || Object.values(effects).every((number) => number > 0)
          if (isComplete || performance.now() > giveUpAt) return effects
          await pause(50)
        }
      },
    }
  }
}

function byNode(count: EffectCount, derived: readonly NodeEffects[]): Counted {
  const aliases = derived.map(({ node }) => node)
  const [only, ...more] = aliases
  if (typeof count === 'number') {
    if (only !== undefined && more.length === 0) return checked({ [only]: count })
    throw new TypeError(
      `count returned a number, but several nodes of the flow have effects: return one number for each of ${aliases.join(', ')}`,
    )
  }
  const other = Object.keys(count).find((node) => !aliases.includes(node))
  if (other === undefined) return checked(count)
  throw new TypeError(
    `count returned a number for "${other}", which has no effects: the nodes with effects are ${aliases.join(', ')}`,
  )
}

function checked(counts: Readonly<Record<string, number>>): Counted {
  const wrong = Object.entries(counts).find(([, number]) => !Number.isInteger(number) || number < 0)
  if (wrong === undefined) return counts
  throw new TypeError(
    `count returned ${String(wrong[1])} for "${wrong[0]}": return a whole number of at least 0`,
  )
}
