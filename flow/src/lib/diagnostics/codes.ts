/** Every diagnostic code: severity, stage, title, the usual way out. The reference page is held equal to it by a test. */

export type Severity = 'error' | 'warning' | 'info'
/** Definition, validation, preflight, run time. */
export type Stage = 'D' | 'V' | 'P' | 'R'

export interface CodeEntry {
  readonly severity: Severity
  readonly stages: readonly Stage[]
  readonly title: string
  readonly hint: string
}

function entry(severity: Severity, stages: string, title: string, hint: string): CodeEntry {
  return { severity, stages: [...stages] as Stage[], title, hint }
}

export const codes = {
  DAG004: entry(
    'error',
    'V',
    'an effectful node has no idempotency',
    "add idempotency: { key, unknown } to the node, or 'natural' when repeating it changes nothing more",
  ),
  DAG005: entry(
    'error',
    'V',
    'a concurrency, or the attempts or the backoff of a retry, are out of bounds',
    'use an integer from 1 to 1024, and a backoff of 0 to 68 years',
  ),
  DAG101: entry(
    'error',
    'V',
    'a trigger yields an output that no node consumes',
    "pass the graph's input to a step",
  ),
  DAG102: entry(
    'error',
    'V',
    'the way a flow answers does not fit its profile',
    'answer a queue flow with a value, and give a web flow an answer',
  ),
  DAG103: entry('error', 'V', 'two flows claim the same route or queue', 'change one of the two'),
  DAG104: entry(
    'error',
    'V',
    'a flow has more than one trigger',
    'split the flow, or set policies.lint.allow_multiple_triggers',
  ),
  DAG105: entry('error', 'V', 'a flow has no trigger', 'add a node of kind trigger'),
  DAG200: entry('error', 'V', 'the graph has a cycle', 'remove one of the edges named'),
  DAG201: entry(
    'error',
    'V',
    "the schemas of an edge's two ends differ",
    'convert in a node between them, or name the same schema',
  ),
  DAG202: entry(
    'error',
    'DV',
    'a step or edge names a node that is not there',
    'use references made by step inside this graph',
  ),
  DAG204: entry(
    'error',
    'V',
    "the flow's answer can be skipped, or a step can never run",
    'answer with the result of the branch, or move the step out of its arm',
  ),
  DAG205: entry(
    'error',
    'DV',
    'an alias is used twice',
    'give one of the steps another name: step(node, ref, { alias })',
  ),
  DAG206: entry(
    'error',
    'D',
    'edge options for an edge that is not there',
    'name two steps that follow each other',
  ),
  DAG207: entry('error', 'D', 'edge options given twice', 'merge the two'),
  DAG208: entry(
    'warning',
    'V',
    "a node's output is never used and the node has no effect",
    'remove the step, or use its result',
  ),
  EFFECT201: entry(
    'error',
    'V',
    'declared effects are weaker than what the node uses',
    'leave effects out, or declare at least the one named',
  ),
  DET302: entry(
    'error',
    'V',
    'declared determinism is stricter than what the node uses permits',
    'leave determinism out, or declare at most the one named',
  ),
  DET310: entry(
    'warning',
    'R',
    'a node declared strict gave two answers for one input',
    'declare it best_effort, or take time and chance as uses',
  ),
  CTRL101: entry(
    'error',
    'V',
    "an edge's timeout is not positive, or longer than 68 years",
    'use a positive duration',
  ),
  CTRL102: entry(
    'error',
    'V',
    "an edge's max_items is not a positive integer, or its spill threshold is no number of bytes",
    'use an integer: of at least 1 for max_items, of at least 0 for the threshold',
  ),
  CTRL110: entry('error', 'V', 'a switch has a bad config', 'give v: 1, source, selector_pointer and cases'),
  CTRL111: entry(
    'error',
    'V',
    'a switch routes along an edge that is missing',
    'add the edge from its source to the target',
  ),
  CTRL112: entry(
    'error',
    'V',
    'a second routing surface on one source',
    'route once per node: pass the value through a node in between',
  ),
  CTRL120: entry(
    'error',
    'V',
    'an if has a bad config',
    'give v: 1, source, selector_pointer, then and else',
  ),
  CTRL121: entry(
    'error',
    'V',
    'an if routes along an edge that is missing',
    'add the edge from its source to the target',
  ),
  CTRL122: entry(
    'error',
    'V',
    'a second routing surface on one source',
    'route once per node: pass the value through a node in between',
  ),
  CTRL130: entry('error', 'V', 'a control surface has a bad config', 'give v: 1 and the fields of its kind'),
  CTRL131: entry('error', 'V', 'a control surface names an unknown alias', 'name a node of the flow'),
  CTRL132: entry('error', 'V', 'a control surface names an edge that is missing', 'name an edge of the flow'),
  CTRL901: entry(
    'error',
    'P',
    'something asked of the graph that this host cannot run',
    'remove it, or run the flow on a host that has it',
  ),
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
    'a settlement does not say whose result it records, or names a caller where results are for everyone',
    'give the principal whose request it was as caller, or null where the result is for everyone',
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
    "bind kv, queue and dedupe of one preset that states a transaction, such as sqlite; or use atomic: 'preferred' with unknown",
  ),
  IDEM_STALE: entry(
    'error',
    'R',
    'what an atomic node reads was changed by others each time before it could be committed',
    'ask again; let fewer nodes write the same entry, or spread it over several keys',
  ),
  RETRY010: entry(
    'error',
    'VP',
    'retries are owned twice on one path',
    'remove the retry of the step, or the retry layer of the preset',
  ),
  RETRY011: entry(
    'error',
    'V',
    'a retry policy on an effectful node that is not idempotent',
    'add idempotency to the node, or remove the retry',
  ),
  SPILL001: entry('error', 'V', 'a spill tier without max_items', 'add buffer.maxItems'),
  SPILL002: entry(
    'error',
    'V',
    'a spill tier without a blob requirement',
    'declare a use of blob on a node of the flow',
  ),
  SPILL003: entry('warning', 'V', 'a spill threshold without a tier', 'add buffer.spillTier'),
  CACHE001: entry(
    'warning',
    'V',
    'a node declared strict reads an external domain without a pin or cache',
    'declare it best_effort, or read through a cache',
  ),
  CAP101: entry(
    'error',
    'P',
    'a required capability is not bound',
    'add a preset that provides it to the profile',
  ),
  CAP102: entry(
    'error',
    'P',
    'a bound capability is weaker than required',
    'use a preset that has it, or ask for less',
  ),
  CAP103: entry(
    'error',
    'P',
    'a variable or binding is missing, malformed or given twice',
    'set the variables named',
  ),
  KV_EVT001: entry(
    'warning',
    'P',
    'an eventually consistent store under a flow that relies on reading what it wrote',
    'bind a strong store, or declare the flow best_effort',
  ),
  BLOB_EVT001: entry(
    'warning',
    'P',
    'an eventually consistent blob store under a flow that relies on reading what it wrote',
    'bind a strong store, or declare the flow best_effort',
  ),
  TTL001: entry(
    'error',
    'P',
    'a time to live the store does not have',
    'use a longer one, or a store with per-write TTL',
  ),
  LEASE001: entry(
    'error',
    'P',
    "a flow's deadline is longer than the lease of its queue, which cannot be renewed",
    'shorten the deadline of the trigger, or use a queue that renews leases',
  ),
  LIMIT001: entry(
    'warning',
    'P',
    "a declared payload bound exceeds the store's limit",
    'lower the bound, or use another store',
  ),
  TIME015: entry('error', 'R', 'the deadline passed', 'give the flow more time, or make it faster'),
  RUN030: entry(
    'warning',
    'R',
    'an edge has been stalled by backpressure for longer than its budget',
    'speed up the reader',
  ),
  RUN040: entry('info', 'R', 'a value spilled to the blob tier', ''),
  RUN050: entry(
    'error',
    'R',
    'the memory budget of a run was exceeded',
    'stream the value, or raise the budget',
  ),
  BUNDLE101: entry(
    'error',
    'V',
    'imported IR names a node that the app does not contain',
    'add the node to the app, or correct its identifier',
  ),
  FILE001: entry('error', 'D', 'a flow file is neither YAML nor JSON', 'correct the text at the place named'),
  FILE002: entry(
    'error',
    'D',
    'a flow file asks for more than a flow file may',
    'write plain YAML: no tags, no keys that are not text, nothing that grows when it is read',
  ),
  FILE003: entry('error', 'D', 'a flow file has a key that means nothing', 'correct the key, or remove it'),
  FILE004: entry(
    'error',
    'D',
    'a flow file lacks a value, or has one that does not fit',
    'give the value named',
  ),
  FILE005: entry(
    'error',
    'D',
    'a flow file uses a node that is not there',
    'name a ready node, or hand the node to loadFlow: loadFlow(text, { nodes: [yours] })',
  ),
  FILE006: entry('error', 'D', 'a name in a flow file is taken, or is none', 'use another name'),
  FILE007: entry(
    'error',
    'D',
    'a flow file refers to what is not there',
    'name an input under "input", or the store_as of a node',
  ),
  FILE008: entry(
    'error',
    'D',
    'a template in a flow file is malformed',
    'write {{ state.name }} or {{ input.name }}, with names and numbers after dots; {{{{ stands for {{',
  ),
  FILE009: entry(
    'error',
    'D',
    'nodes of a flow file wait for each other',
    'remove one of the references named',
  ),
  FILE010: entry(
    'error',
    'D',
    'the text of a SQL statement in a flow file holds a template',
    'write ? in the statement and the template in params',
  ),
  FILE011: entry(
    'error',
    'D',
    'the params of a node in a flow file do not fit it',
    'give what the node takes',
  ),
} as const satisfies Record<string, CodeEntry>

export type DiagnosticCode = keyof typeof codes
