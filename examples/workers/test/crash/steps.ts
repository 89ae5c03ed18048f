/** Reports each step of a call to the control, which may hold the call there. */
import type { DedupeDriver, Layer } from '@flowport/capabilities'
import type { Hook } from '@flowport/flow'

/** The request header with the control's address. */
export const controlHeader = 'x-control'

let control = ''

/** Reads the control's address from each request. */
export const hooks: readonly Hook[] = [
  {
    name: 'control',
    before({ header }) {
      control = header(controlHeader) ?? control
    },
  },
]

/** The id under which the steps of all recorded answers are reported. */
export const recordId = 'record'

/**
 * The innermost layer: reports to the control before and after each operation of the ledger, and waits while the control holds
 * it.
 */
export const steps: Layer = {
  name: 'steps',
  wrap: {
    dedupe: (driver) =>
      new Proxy(driver, {
        get(target, name) {
          const member: unknown = Reflect.get(target, name, target)
          if (typeof member !== 'function') return member
          return async (...args: readonly unknown[]) => {
            // A key without a call's id belongs to a recorded answer: those keys are digests.
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

/**
 * Names an operation. `mark` is a renewal that records the start of an effect; `takeover` is a begin over an earlier holder's
 * fence.
 */
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

/** Posts a message to the control and returns its answer. */
export async function post(path: string, said: Said) {
  // Sent as text, so that a browser needs no preflight request.
  const response = await fetch(`${control}/${path}`, { method: 'POST', body: JSON.stringify(said) })
  const body = (await response.json()) as { readonly chargeId?: string | null }
  return { status: response.status, body }
}
