/** A simulated sink: an outside system, such as a payment gateway, that makes effects and counts them. */
import { CapabilityError } from '@flowport/capabilities'
import { activeWorld } from './active.ts'
import type { World } from './world.ts'

/**
 * What a sink does with keys and fencing tokens.
 * `'naive'`: makes an effect for every call, and cannot be asked.
 * `'keyed'`: makes one effect per key; the same key again returns what the first call returned.
 * `'answering'`: makes an effect for every call, and says what it has made for a key.
 * `'fencing'`: as `'answering'`, and refuses calls with a smaller fencing token than it has seen for the key.
 * `'closing'`: as `'answering'`; being asked closes the key for every call with a smaller fencing token.
 */
export type SinkKind = 'naive' | 'keyed' | 'answering' | 'fencing' | 'closing'

export interface SinkOptions {
  readonly kind: SinkKind
  /** Shown in traces. Default `'sink'`. */
  readonly name?: string
}

export interface Sink {
  readonly kind: SinkKind
  /**
   * Makes an effect over the simulated network. With the node's fencing token, a call by a holder that was replaced is noticed
   * as `stale`. Resolves its receipt; rejects with a `CapabilityError` as drivers do.
   */
  make(key: string | undefined, fencingToken?: number): Promise<string>
  /**
   * Asks what was made for the key. Resolves the receipt of its first effect, or `null` when there is none. `Unsupported` for
   * a `'naive'` sink.
   */
  ask(key: string, fencingToken?: number): Promise<string | null>
  /** Effects made in the schedule that runs now, for one key or for all. For `count` of `simulate`. */
  effects(key?: string): number
}

interface Made {
  readonly receipts: string[]
  /** Calls with a smaller fencing token are refused. */
  leastFence: number
}

/** Makes a sink that nodes under simulation can call. Each schedule begins with an empty one. */
export function createSink({ kind, name = 'sink' }: SinkOptions): Sink {
  const worlds = new WeakMap<World, Map<string, Made>>()
  const inWorld = (world: World) => {
    const known = worlds.get(world)
    if (known !== undefined) return known
    const made = new Map<string, Made>()
    worlds.set(world, made)
    return made
  }
  const at = (world: World, key: string): Made => {
    const known = inWorld(world).get(key)
    if (known !== undefined) return known
    const made: Made = { receipts: [], leastFence: 0 }
    inWorld(world).set(key, made)
    return made
  }
  const where = (operation: string) => ({ capability: name, operation })

  return {
    kind,
    make(key = '', fencingToken = 0) {
      const world = activeWorld(`the sink "${name}"`)
      if (fencingToken > 0) world.noteEffect(key, fencingToken)
      const receive = () => {
        const made = at(world, key)
        if (fencingToken < made.leastFence)
          throw new CapabilityError('ConditionNotMatch', 'the key has a newer holder', where('make'))
        if (kind === 'fencing') made.leastFence = fencingToken
        const [first] = made.receipts
        if (kind === 'keyed' && first !== undefined) return first
        const receipt = `${name} ${made.receipts.length + 1}`
        made.receipts.push(receipt)
        world.say(`EFFECT ${made.receipts.length} at ${name}`)
        return receipt
      }
      return world.send({ to: name, operation: 'make', receive })
    },
    async ask(key, fencingToken = 0) {
      const world = activeWorld(`the sink "${name}"`)
      if (kind === 'naive')
        throw new CapabilityError('Unsupported', 'a naive sink cannot be asked', where('ask'))
      const receive = () => {
        const made = at(world, key)
        if (kind === 'fencing' || kind === 'closing')
          made.leastFence = Math.max(made.leastFence, fencingToken)
        return made.receipts[0] ?? null
      }
      return world.send({ to: name, operation: 'ask', receive })
    },
    effects(key) {
      const made = inWorld(activeWorld(`the sink "${name}"`))
      if (key !== undefined) return made.get(key)?.receipts.length ?? 0
      let sum = 0
      for (const { receipts } of made.values()) sum += receipts.length
      return sum
    },
  }
}
