/** `/healthz` says the process answers; `/readyz` asks every resource whether it can serve, once a second at most. */
import type { Clock } from '@flowport/capabilities'
import type { Runtime } from '../runtime/runtime.ts'
import type { HttpOutcome } from './call.ts'
import { unknownCounts } from './unknown-keys.ts'

const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' }

/** Milliseconds for which an answer of the resources is repeated to whoever asks. */
const freshMs = 1_000
/** Milliseconds between two looks at an answer that another request is waiting for. */
const lookMs = 20

interface Asked {
  at: number
  outcome: HttpOutcome | undefined
  isAsking: boolean
}

const known = new WeakMap<Runtime, Asked>()

/** No I/O: a process that answers is alive. */
export function health(): HttpOutcome {
  return { status: 200, headers, body: '{"status":"ok"}' }
}

/**
 * 200 when every resource answers within `timeoutMs`, else 503; 503 while draining. The body has names, not reasons, and how
 * many keys of each ledger are unknown. However many ask, the resources are asked once a second, and the ledgers once a
 * minute.
 */
export async function readiness(
  runtime: Runtime,
  clock: Clock,
  { timeoutMs = 2_000 } = {},
): Promise<HttpOutcome> {
  if (runtime.closing) return notReady({ status: 'draining' })
  let asked = known.get(runtime)
  if (asked === undefined)
    known.set(runtime, (asked = { at: -Infinity, outcome: undefined, isAsking: false }))
  for (;;) {
    const age = clock.monotonic() - asked.at
    // A request that was given up may have left its asking behind.
    const isAsking = asked.isAsking && age < timeoutMs + freshMs
    if (asked.outcome !== undefined && (isAsking || age < freshMs)) return asked.outcome
    if (!isAsking) break
    // Not by its promise: on Workers a request must not wait for the work of another.
    await clock.sleep(lookMs)
  }
  asked.at = clock.monotonic()
  asked.isAsking = true
  try {
    asked.outcome = await ask(runtime, clock, timeoutMs)
  } finally {
    asked.isAsking = false
  }
  return asked.outcome
}

async function ask(runtime: Runtime, clock: Clock, timeoutMs: number): Promise<HttpOutcome> {
  const timer = new AbortController()
  const late = clock.sleep(timeoutMs, { signal: timer.signal }).then(
    () => 'late' as const,
    () => 'late' as const,
  )
  // Beside the checks, and with a bound of its own.
  const counting = unknownCounts(runtime, clock)
  const names = runtime.bag.names()
  const answered = new Set<string>()
  const checks = await Promise.race([
    late,
    Promise.all(
      names.map(async (name) => {
        await runtime.bag.control(name).check({ signal: timer.signal })
        answered.add(name)
      }),
    ).catch(() => 'failed' as const),
  ])
  timer.abort()
  const resources = Object.fromEntries(names.map((name) => [name, answered.has(name) ? 'ok' : 'unavailable']))
  if (typeof checks === 'string') return notReady({ status: 'unavailable', resources })
  const unknownKeys = await counting
  return { status: 200, headers, body: JSON.stringify({ status: 'ready', resources, unknownKeys }) }
}

function notReady(body: object): HttpOutcome {
  return { status: 503, headers: { ...headers, 'retry-after': '1' }, body: JSON.stringify(body) }
}
