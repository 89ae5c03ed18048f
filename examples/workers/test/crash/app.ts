/** The app whose process is killed: flows that charge once per key, one for each combination of `unknown` and `begins`. */
import { CapabilityError } from '@flowport/capabilities'
import { type App, defineApp, flow, http, node, opaque } from '@flowport/flow'
import { post } from './steps.ts'

/** Lease of a charge's key, in milliseconds. */
export const leaseMs = 1_500

/** The node's `unknown` setting (`never`, or `asks` its sink) and its `begins` setting, joined by a hyphen. */
export const kinds = ['never-handler', 'never-effect', 'asks-handler', 'asks-effect'] as const
export type Kind = (typeof kinds)[number]
/** Name of a flow. The `storm-` flows keep the default lease, because no test waits for it to end. */
export type FlowName = Kind | `storm-${Kind}`

export interface Charged {
  readonly id: string
  readonly chargeId: string
}

export const Order = opaque<{ readonly id: string }>()
const Result = opaque<Charged>()

const makeCharge = async (id: string, fence: number): Promise<Charged> => {
  const { status, body } = await post('charges', { id, fence })
  if (status === 409)
    throw new CapabilityError('ConditionNotMatch', 'the sink refuses this token', { applied: 'no' })
  return { id, chargeId: body.chargeId ?? '' }
}

/** A node that charges once per key. */
export function chargeNode(kind: Kind, never: 'never' | 'again' = 'never', lease = leaseMs) {
  const [unknown, begins] = kind.split('-') as ['never' | 'asks', 'handler' | 'effect']
  return node('charge', {
    input: Order,
    output: Result,
    effects: 'effectful',
    idempotency: {
      key: '/id',
      begins,
      lease,
      unknown:
        unknown === 'never'
          ? never
          : async ({ input: { id }, fencingToken: fence }) => {
              const { chargeId } = (await post('asked', { id, fence })).body
              return chargeId ? { done: { id, chargeId } } : { notDone: 'fenced' }
            },
    },
    run: ({ id }, { effect, fencingToken = 0 }) =>
      begins === 'effect' ? effect(() => makeCharge(id, fencingToken)) : makeCharge(id, fencingToken),
  })
}

export type Providers = App['profiles'][string]

/** `never: 'again'` lets the `never` nodes run again: a planted bug that the experiment must detect. */
export function crashApp(
  profile: string,
  providers: Providers,
  { never = 'never' }: { readonly never?: 'never' | 'again' } = {},
): App {
  const app = defineApp({ name: 'crash', flows: [], profiles: { [profile]: providers } })
  const flows = kinds.flatMap((kind) => [
    chargeFlow(kind, chargeNode(kind, never)),
    chargeFlow(`storm-${kind}`, chargeNode(kind, never, 30_000)),
  ])
  return { ...app, flows }
}

function chargeFlow(name: FlowName, charge: ReturnType<typeof chargeNode>) {
  return flow(name, {
    trigger: http.post(`/${name}`, { input: Order }),
    graph: (order, step) => step(charge, order),
  })
}
