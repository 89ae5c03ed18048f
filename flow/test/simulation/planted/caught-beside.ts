/**
 * Planted bugs that a unit test beside their file finds, too, and the first test that does. Each of these rules has a test that
 * makes the one state by hand in which the rule matters, most of them written when the simulation had found the state. The bugs stay
 * planted, because the simulation has to come upon that state by itself. A bug that is not listed is found by the simulation
 * alone. `npm run simulate:planted` holds the list to what is so.
 */
export const caughtBeside: Readonly<Record<string, string>> = {
  'complete takes any token':
    'settle.test.ts: settleKey, frees the key of an effect that was not made, for a holder with a larger fence than the settlement',
  'release takes any token':
    'dedupe.test.ts: memory dedupe, reservations, a history of 300 calls by four concurrent callers is linearizable, leases and fences included',
  'a key in flight is taken from its holder':
    'dedupe-store.test.ts: createDedupeStore, suggests to ask again after a second at most, however long the lease',
  'the key of a node has the id of its run in it':
    "atomic-node.test.ts: with begins: 'effect', a problem before the first write leaves the key free, as without the transaction",
  'the fence begins anew when a record was removed':
    'settle.test.ts: settleKey, frees the key of an effect that was not made, for a holder with a larger fence than the settlement',
  'a problem that could not be stored is the answer':
    'unknown.test.ts: a problem that a node decides on after another holder took its key, is not the answer: the caller gets IDEM_FENCED, and later callers get what was stored',
  'a key with a begun effect is taken over as if nothing had begun':
    'dedupe.test.ts: memory dedupe, reservations, a history of 300 calls by four concurrent callers is linearizable, leases and fences included',
  'a key whose outcome is in doubt is released':
    'settle.test.ts: settleKey, refuses a fence that is no longer current, and changes nothing',
  'the ledger does not keep that the effect begins with the handler':
    'settle.test.ts: settleKey, stores the result of an effect that was made: later callers get it',
  'the key is taken without saying that the handler begins the effect':
    "atomic-node.test.ts: stores in two databases are refused, and 'preferred' then does what unknown says",
  'the begin of an effect is never recorded':
    "http-effects.test.ts: a declined request leaves the key free, a failed or broken one unknown, begins: 'effect'",
  'an effect does not wait for the record of its begin':
    "outcome.test.ts: with begins: 'effect', no effect is made whose begin cannot be recorded, and the key is free again",
  'an attempt in doubt is followed by another though its node says never':
    "unknown.test.ts: a retry of the step, does not follow an attempt in doubt with 'never'",
  'the key is given back after every error':
    "unknown.test.ts: a key whose outcome nobody can know, stays unknown after an error with 'never', and is not run again",
  'effects in doubt are not counted':
    "outcome.test.ts: after an error, with begins: 'effect', the key is unknown: an effect is in doubt though the handler threw something else",
  'effects that were made are not counted':
    "outcome.test.ts: after an error, with begins: 'handler', the key is unknown: a refused effect after one that was made",
  'a stored problem is replayed as a value':
    'outcome.test.ts: a problem that a node decides on, in a handler is the result: later callers get the same problem, and nothing runs again',
  'the lease is renewed after its node has ended':
    'ledger.test.ts: a node with an idempotency key, renews its lease while it works',
  'the result of a node is not stored':
    'ledger.test.ts: a node with an idempotency key, happens once per key, and whoever asks again gets its result',
  'the key of a node has its caller in it':
    'ledger.test.ts: a node with an idempotency key, is done again after the lease when its process died between begin and complete, with the same key to hand on',
  'a stored answer is handed to whoever asks':
    'owner.test.ts: the stored answer of a key, is for the caller it was made for and for runs without a caller, and the node runs once for all',
  'a key whose holder died is taken over by another caller':
    'owner.test.ts: a key whose holder died, is not taken over by another caller: neither the sink is asked nor the handler run',
  'the ledger does not keep for whom a key was begun':
    'dedupe.test.ts: memory dedupe, unknown, a key keeps its owner over takeovers, until another request takes it',
  'a recorder that died leaves its key unknown':
    'recording.test.ts: a recorder that fails, leaves its key for 30 seconds, then the next request runs: the record guards no effect',
  'a store acknowledges a write before reads see it':
    'kv.test.ts: memory kv, values, text comes back as it was',
  'a ledger tells a former holder that it still holds the key':
    'dedupe.test.ts: memory dedupe, reservations, a history of 300 calls by four concurrent callers is linearizable, leases and fences included',
  'a holder that was fenced off answers with its own result':
    'ledger.test.ts: a node with an idempotency key, is told when it was fenced off, and its late result is not kept',
}
