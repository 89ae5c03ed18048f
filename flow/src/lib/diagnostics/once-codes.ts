/** Codes of effects that happen once: idempotency keys, the ledger, settling and atomic nodes. */
import { type CodeEntry, entry } from './entry.ts'

export const onceCodes = {
  IDEM020: entry(
    'error',
    'V',
    'an effectful sink on a partitioned path has neither partition key nor idempotency key',
    'give the edge a partition key or the node an idempotency key',
  ),
  IDEM025: entry(
    'warning',
    'V',
    'an idempotency key comes from a node that reads the clock or randomness',
    "take the key from the flow's input",
  ),
  IDEM030: entry(
    'error',
    'V',
    'a node with an idempotency key does not say what an unknown outcome means',
    "add unknown: 'never' (callers get 409 until the key is settled), 'again' (it is run again; the sink keeps idempotencyKey) or a function that asks the sink",
  ),
  IDEM031: entry(
    'warning',
    'V',
    "unknown: 'again' without a sink that makes one effect per key",
    "hand idempotencyKey to the sink and add sink: 'keyed', or choose 'never' or a function that asks the sink",
  ),
  IDEM040: entry(
    'warning',
    'P',
    'answers to an Idempotency-Key that are too large for the ledger have no store to be recorded in',
    'bind blob, or name another store in idempotency.store of the trigger',
  ),
  IDEM099: entry(
    'error',
    'R',
    'one idempotency key arrived with two different inputs',
    'use a new key for a new request',
  ),
  IDEM_IN_FLIGHT: entry(
    'error',
    'R',
    'another holder works on this key',
    'ask again after Retry-After: the stored result is there when the other holder has ended',
  ),
  IDEM_UNKNOWN: entry(
    'error',
    'R',
    'an effect of this key began, and nobody can know whether it was made',
    'look at the system the node changes, then settle the key as done or not done',
  ),
  IDEM_TAKEN: entry(
    'error',
    'R',
    'the key was used by another caller, and its stored answer is kept apart',
    "use a key of your own, or declare callers: 'everyone' where whoever has the key may read the answer",
  ),
  IDEM_RESULT_LOST: entry(
    'error',
    'R',
    'the work of this key was done, and its result could not be stored',
    'let the node yield JSON within the limit of the ledger, or put large results into a blob store',
  ),
  IDEM_FENCED: entry(
    'error',
    'R',
    'another holder took the key over before the result of a node was stored',
    'ask again for the result of the other holder; make the lease longer than the longest pause of a process',
  ),
  IDEM_LEASE_LOST: entry(
    'error',
    'R',
    'a node lost the lease of its idempotency key while it ran; its writes are refused',
    'make the lease longer than the longest pause of a process, or look for what stopped it',
  ),
  LEDGER_NOT_UNKNOWN: entry(
    'error',
    'R',
    'a key was to be settled that is free, in flight or done',
    'look at the key again: somebody else has settled it, or its holder has finished after all',
  ),
  LEDGER_FENCE: entry(
    'error',
    'R',
    'a key was to be settled that somebody else has taken over since it was looked at',
    'look at the key again, and at the system the node changes, then settle it with its present fence',
  ),
  LEDGER_RESULT: entry(
    'error',
    'R',
    'the result of a settlement does not fit the output of the node',
    'give the result as the node would have returned it',
  ),
  LEDGER_CALLER: entry(
    'error',
    'R',
    'a settlement names another caller than the request had, or none where the ledger does not know the caller',
    'leave the caller out where the ledger knows it; else give the principal whose request it was, or null where it had none',
  ),
  LEDGER_OPERATOR: entry(
    'error',
    'R',
    'a request to /flowport/ledger that no hook has named an operator for',
    "let a hook return { 'flowport.operator': name } for whoever may settle keys",
  ),
  EXACT001: entry(
    'error',
    'V',
    'exactly-once without a dedupe requirement on the target',
    "add uses: { dedupe: { access: 'write', reservation: 'atomic' } }",
  ),
  EXACT002: entry(
    'error',
    'V',
    'exactly-once without an idempotency key',
    'add idempotency: { key, unknown, ttl } to the target',
  ),
  EXACT003: entry(
    'error',
    'V',
    'exactly-once with a missing TTL, or one under five minutes',
    "use idempotency: { key, unknown, ttl: '5m' } or more",
  ),
  EXACT004: entry(
    'error',
    'VP',
    'an atomic node writes to what cannot be committed together with the record of its key',
    "bind kv, queue and dedupe of one preset that states a transaction, such as sqlite; name a partition where only that is committed; or use atomic: 'preferred' with unknown",
  ),
  IDEM_STALE: entry(
    'error',
    'R',
    'what an atomic node reads was changed by others each time before it could be committed',
    'ask again; let fewer nodes write the same entry, or spread it over several keys',
  ),
} as const satisfies Record<string, CodeEntry>
