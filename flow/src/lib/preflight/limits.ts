/** Compares declared times and sizes with the limits of what is bound: RETRY010, TTL001, LIMIT001, IDEM040. */
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts'
import { answersWithStream } from '../answer-schemas.ts'
import type { AnyFlow } from '../flow.ts'
import type { NodeVertex } from '../graph/graph.ts'
import { inlineBytes, recordLeaseMs } from '../idempotency-option.ts'
import { nodeVertices } from './needs.ts'
import { asRecord, type Offer, type Offers } from './offers.ts'

export function checkLimits(flow: AnyFlow, offers: Offers, profile: string): readonly Diagnostic[] {
  const at = (node: string) => ({ flow: flow.name, node, profile })
  return [
    ...nodeVertices(flow).flatMap((vertex) => [...retries(vertex, offers, at), ...ttls(vertex, offers, at)]),
    ...bounds(flow, offers, at),
    ...recorded(flow, offers, at),
  ]
}

type At = (node: string) => { readonly flow: string; readonly node: string; readonly profile: string }

/**
 * Two owners of retries multiply: three attempts of a step over three of a provider are nine. A step takes the retries of a
 * layer over; what a provider does by itself nobody can take over.
 */
function retries({ alias, node, options }: NodeVertex, offers: Offers, at: At): readonly Diagnostic[] {
  return node.uses.flatMap(({ resource }) => {
    const offer = offers(resource)
    if (offer === undefined || !offer.nativeRetry) return []
    const owners = [
      (options.retry?.maxAttempts ?? 1) > 1 ? `the step "${alias}"` : null,
      offer.layers.includes('retry') ? `the retry layer of ${resource}` : null,
      `${offer.provider} by itself`,
    ].filter((owner) => owner !== null)
    if (owners.length < 2) return []
    const message = `${resource}: calls are tried again by ${owners.join(' and by ')}`
    return diagnostic({ code: 'RETRY010', message, location: at(alias), details: { resource, owners } })
  })
}

function ttls({ alias, node }: NodeVertex, offers: Offers, at: At): readonly Diagnostic[] {
  if (node.idempotency?.kind !== 'keyed') return []
  const least = limitOf(offers('dedupe'), 'minTtlMs')
  return tooShort(alias, node.idempotency, least, at)
}

function tooShort(
  alias: string,
  { ttlMs, leaseMs }: { readonly ttlMs: number; readonly leaseMs: number },
  least: number | undefined,
  at: At,
): readonly Diagnostic[] {
  return Object.entries({ ttl: ttlMs, lease: leaseMs }).flatMap(([field, ms]) => {
    if (least === undefined || ms >= least) return []
    const message = `the idempotency ${field} of "${alias}" is ${ms} ms, but dedupe keeps nothing shorter than ${least} ms`
    return diagnostic({ code: 'TTL001', message, location: at(alias), details: { field, ms, least } })
  })
}

/** Answers to an `Idempotency-Key`: how long the ledger keeps them, and where those go that it cannot hold. */
function recorded(flow: AnyFlow, offers: Offers, at: At): readonly Diagnostic[] {
  const { trigger } = flow
  const recorded = trigger.kind === 'http' ? trigger.idempotency : null
  const ledger = offers('dedupe')
  if (recorded === null || ledger === undefined) return []
  const { ttlMs, store, maxRecordedBytes } = recorded
  const findings = tooShort('trigger', { ttlMs, leaseMs: recordLeaseMs }, limitOf(ledger, 'minTtlMs'), at)
  const most = inlineBytes(limitOf(ledger, 'maxResultBytes') ?? 0)
  // A stream without a store is CAP101.
  if (offers(store) !== undefined || maxRecordedBytes <= most || answersWithStream(flow)) return findings
  const message = `${store} is not bound: answers of more than ${most} bytes are sent, but not recorded`
  return [
    ...findings,
    diagnostic({ code: 'IDEM040', message, location: at('trigger'), details: { store, most } }),
  ]
}

function bounds({ trigger }: AnyFlow, offers: Offers, at: At): readonly Diagnostic[] {
  const body = trigger.kind === 'http' ? trigger.body : null
  // A bound that nobody has declared promises nothing: the store's own limit answers 413.
  if ((body?.kind !== 'blob' && body?.kind !== 'multipart') || !body.isBoundDeclared) return []
  const bound = body.kind === 'blob' ? body.maxBytes : body.maxFileBytes
  const most = limitOf(offers(body.store), 'maxObjectBytes')
  if (most === undefined || bound <= most) return []
  const field = body.kind === 'blob' ? 'maxBytes' : 'maxFileBytes'
  const message = `${field} of the body is ${bound}, but ${body.store} holds objects of ${most} bytes at most`
  return [diagnostic({ code: 'LIMIT001', message, location: at('trigger'), details: { bound, most } })]
}

function limitOf(offer: Offer | undefined, name: string): number | undefined {
  const limit = asRecord(offer?.info?.['limits'])?.[name]
  return typeof limit === 'number' ? limit : undefined
}
