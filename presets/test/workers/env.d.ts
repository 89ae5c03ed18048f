/** The bindings of `wrangler.jsonc` beside this. */
declare namespace Cloudflare {
  interface Env {
    readonly KV: KVNamespace
    readonly BUCKET: R2Bucket
    readonly LEDGER: DurableObjectNamespace
    readonly LEGACY_LEDGER: DurableObjectNamespace
    readonly KV_OBJECT: DurableObjectNamespace
    readonly PARTITIONS: DurableObjectNamespace
    readonly STATE: DurableObjectNamespace
    readonly SEQUENCER: DurableObjectNamespace
    readonly QUEUE: Queue
  }
}
