// The exports of `cloudflare:workers` the classes need, as workerd has it. Declared here, because Cloudflare's types as
// a whole replace the web's own, which everything else in this package compiles with. Programs that use the classes see
// Cloudflare's declaration instead: this file is not published.
declare module 'cloudflare:workers' {
  export abstract class DurableObject {
    constructor(ctx: unknown, env: unknown)
    protected readonly ctx: unknown
    protected readonly env: unknown
  }
  export const RpcTarget: abstract new () => object
}
