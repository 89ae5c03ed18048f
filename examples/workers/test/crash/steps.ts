/** How a process says to the control at which step each call is, and is held there. */
import type { DedupeDriver, Layer } from '@flowport/capabilities'
import type { Hook } from '@flowport/flow'

/** The header that says where the control listens. */
export const controlHeader = 'x-control'

let control = ''

/** Learns the address of the control from the first request. */
export const hooks: readonly Hook[] = [
  {
    name: 'control',
    before({ header }) {
      control = header(controlHeader) ?? control
    },
  },
]

/** Under this id stand the steps of all recorded answers. */
export const recordId = 'record'

/** Innermost of the layers: tells the control before and after each step of the ledger, and waits where it is held. */
export const steps: Layer = {
  name: 'steps',
  wrap: {
    dedupe: (driver) =>
      new Proxy(driver, {
        get(target, name) {
          const member: unknown = Reflect.get(target, name, target)
          if (typeof member !== 'function') return member
          return async (...args: readonly unknown[]) => {
            // The keys of recorded answers are digests.
            const [, id = recordId] = /:(crash-\d+)$/.exec(String(args[0])) ?? []
            const step = stepOf(name, args)
            await post('steps', { id, step: `${step} before` })
            const answer: unknown = await Reflect.apply(member, target, args)
            await post('steps', { id, step: `${step} after` })
            return answer
          }
        },
      }),
  },
}

/** The mark is a renewal that records the begin of an effect, and a takeover a begin over the fence of an earlier holder. */
function stepOf(name: string | symbol, args: readonly unknown[]): string {
  const call = args.at(-1) as { readonly started?: boolean; readonly over?: number } | undefined
  if (name === ('renew' satisfies keyof DedupeDriver) && call?.started === true) return 'mark'
  if (name === ('begin' satisfies keyof DedupeDriver) && call?.over !== undefined) return 'takeover'
  return String(name)
}

interface Said {
  readonly id: string
  readonly fence?: number
  readonly step?: string
}

/** Says something to the control, or asks its sink. */
export async function post(path: string, said: Said) {
  // Text, so that a page need not ask first.
  const response = await fetch(`${control}/${path}`, { method: 'POST', body: JSON.stringify(said) })
  const body = (await response.json()) as { readonly chargeId?: string | null }
  return { status: response.status, body }
}
