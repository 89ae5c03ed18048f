/** Ledger keys and how they stand as JSON, for HTTP and the command line. What callers sent is left out unless asked for. */
import type { DedupeKey, Settlement } from '@flowport/capabilities'
import type { LedgerAddress } from './addresses.ts'
import type { ListedKey, ShownKey } from './ledger-operations.ts'

/** A key as JSON: text as it is, bytes in base64url under another name. */
export function keyJson(
  key: DedupeKey,
  address: LedgerAddress | null,
): Readonly<Record<string, string | null>> {
  const named = typeof key === 'string' ? { key } : { keyBytes: toBase64url(key) }
  const partition = address?.partition === undefined ? {} : { partition: address.partition }
  const { flow = null, node = null, id = null } = address ?? {}
  return { ...named, flow, node, id, ...partition }
}

export function listedJson({ key, address, fence, sinceMs }: ListedKey): Readonly<Record<string, unknown>> {
  return { ...keyJson(key, address), fence, sinceMs }
}

/**
 * How a key stands. Short requests are their own fingerprint: it is `null`, unless it is a digest or `reveal` asks for it. The
 * result of a key that is done is only there with `reveal`.
 */
export function shownJson(
  { key, address, ...state }: ShownKey,
  { reveal }: { readonly reveal: boolean },
): Readonly<Record<string, unknown>> {
  const named = keyJson(key, address)
  if (state.state === 'free') return { ...named, state: 'free' }
  const fingerprint =
    reveal || state.fingerprint.startsWith('sha-256:') || state.fingerprint === '' ? state.fingerprint : null
  const shown = { ...named, state: state.state, fence: state.fence, fingerprint }
  switch (state.state) {
    case 'unknown':
      return { ...shown, sinceMs: state.sinceMs }
    case 'in_flight':
      return { ...shown, leaseEndsInMs: state.leaseEndsInMs }
    case 'done':
      return reveal ? { ...shown, result: state.result } : shown
  }
}

export function settledJson({
  key,
  address,
  outcome,
  by,
  why,
  fence,
  newFence,
  at,
}: Settlement & { readonly address: LedgerAddress | null }): Readonly<Record<string, unknown>> {
  const when = new Date(at).toISOString()
  return { ...keyJson(key, address), outcome, by, why, fence, newFence, at: when }
}

/** The bytes of a base64url text, or `null` for another text. */
export function fromBase64url(text: string): Uint8Array | null {
  if (!/^[\w-]+$/.test(text) || text.length % 4 === 1) return null
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}

function toBase64url(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
