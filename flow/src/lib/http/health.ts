/** `/healthz` says the process answers; `/readyz` asks every resource whether it can serve. */
import type { Clock } from '@flowport/capabilities'
import type { Runtime } from '../runtime/runtime.ts'
import type { HttpOutcome } from './call.ts'

const headers = { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' }

/** No I/O: a process that answers is alive. */
export function health(): HttpOutcome {
  return { status: 200, headers, body: '{"status":"ok"}' }
}

/** 200 when every resource answers within `timeoutMs`, else 503; 503 while draining. Tells names, not reasons. */
export async function readiness(
  runtime: Runtime,
  clock: Clock,
  { timeoutMs = 2_000 } = {},
): Promise<HttpOutcome> {
  if (runtime.closing) return notReady({ status: 'draining' })
  const timer = new AbortController()
  const late = clock.sleep(timeoutMs, { signal: timer.signal }).then(
    () => 'late' as const,
    () => 'late' as const,
  )
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
  return { status: 200, headers, body: JSON.stringify({ status: 'ready', resources }) }
}

function notReady(body: object): HttpOutcome {
  return { status: 503, headers: { ...headers, 'retry-after': '1' }, body: JSON.stringify(body) }
}
