/** Types of the used part of autocannon; the package contains no types. */
declare module 'autocannon' {
  export interface Options {
    readonly url: string
    readonly method: 'POST'
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
    readonly connections: number
    /** Duration of the run in seconds. Default 10. */
    readonly duration?: number
    /** Number of requests, instead of a duration. */
    readonly amount?: number
    /** Milliseconds between two samples; also the precision of `duration`. */
    readonly sampleInt: number
    /** The expected body. Any other body counts as a mismatch. */
    readonly expectBody: string
  }

  export interface Result {
    readonly '2xx': number
    readonly non2xx: number
    readonly errors: number
    readonly timeouts: number
    readonly mismatches: number
    /** Duration in seconds. */
    readonly duration: number
    /** Latency in milliseconds. */
    readonly latency: { readonly p50: number; readonly p99: number }
  }

  export default function autocannon(options: Options): Promise<Result>
}
