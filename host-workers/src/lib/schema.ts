/** The types of an app's routes for Hono's client `hc`. */
import type { BlobRef, Flow, HttpMethod, HttpTrigger, Reply } from '@flowport/flow'
import type { StandardSchemaV1 } from '@standard-schema/spec'

/** The schema that `hc<AppType>` reads: for each path and method, the types of input and output. */
export type RoutesOf<Flows extends readonly unknown[]> = Merged<
  { [I in keyof Flows]: RouteOf<Flows[I]> }[number]
>

type Merged<U> = (U extends unknown ? (it: U) => void : never) extends (it: infer I) => void
  ? { [P in keyof I]: I[P] }
  : never

type RouteOf<F> =
  F extends Flow<never, infer O, unknown, infer T>
    ? T extends HttpTrigger<infer M extends HttpMethod, infer P extends string, infer S>
      ? string extends P
        ? Record<never, never>
        : {
            [K in P]: {
              [K2 in `$${Lowercase<M>}`]: {
                input: InputOf<M, P, StandardSchemaV1.InferInput<S>>
                output: OutputOf<O>
                outputFormat: FormatOf<O>
                status: 200
              }
            }
          }
      : Record<never, never>
    : Record<never, never>

type Bodiless = 'GET' | 'HEAD' | 'DELETE' | 'OPTIONS'

/** The path parameters, and the rest of the message as query or JSON body. */
type InputOf<M, P extends string, In> = ParamOf<P> &
  (Rest<In, P> extends infer R
    ? [keyof R] extends [never]
      ? unknown
      : M extends Bodiless
        ? { query: { [K in keyof R]: string | string[] } }
        : { json: R }
    : never)

type ParamOf<P extends string> = [Names<P>] extends [never] ? unknown : { param: { [K in Names<P>]: string } }

/** Names of the path's parameters. */
type Names<P extends string> = P extends `${string}:${infer Name}/${infer More}`
  ? Name | Names<`/${More}`>
  : P extends `${string}:${infer Name}`
    ? Name
    : never

type Rest<In, P extends string> = { [K in keyof In as K extends Names<P> ? never : K]: In[K] }

/** Type of the answer's body: a reply's own body, the value for JSON, `never` for bytes and streams. */
type OutputOf<O> =
  O extends Reply<infer B> ? OutputOf<B> : O extends BlobRef | AsyncIterable<unknown> ? never : O

type FormatOf<O> = O extends BlobRef ? 'body' : O extends AsyncIterable<unknown> ? 'text' : 'json'
