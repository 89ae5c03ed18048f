/** The part of autocannon that is used here; the package brings no types. */
declare module 'autocannon' {
  export interface Options {
    readonly url: string
    readonly method: 'POST'
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
    readonly connections: number
    /** Seconds. Default 10. */
    readonly duration?: number
    /** Requests, instead of a duration. */
    readonly amount?: number
    /** Milliseconds between looks at the time; also the precision of `duration`. */
    readonly sampleInt: number
    /** Every other body counts as a mismatch. */
    readonly expectBody: string
  }

  export interface Result {
    readonly '2xx': number
    readonly non2xx: number
    readonly errors: number
    readonly timeouts: number
    readonly mismatches: number
    /** Seconds. */
    readonly duration: number
    /** Milliseconds. */
    readonly latency: { readonly p50: number; readonly p99: number }
  }

  export default function autocannon(options: Options): Promise<Result>
}
