/** Makes outgoing HTTP of a driver: argument checks, one error shape, layers. The host's `fetch` is the last stop. */
import { withApplied } from '../applied.ts'
import { CapabilityError, isCapabilityError } from '../error.ts'
import { type CallScope, createPipeline, type Layer, type Pipeline } from '../layer.ts'
import { type Resource, withControl } from '../resource/resource.ts'
import { withBodyErrors } from './answer-body.ts'
import type { HttpOptions, HttpRead, HttpWrite } from './contract.ts'
import type { HttpDriver } from './driver.ts'
import { brokenStream, checkUnlocked } from '../stream.ts'
import { sentBody } from './sent-body.ts'
import { statusError } from './status-error.ts'

export interface CreateHttpOptions {
  /** Name in the bag, shown in errors and logs. Default `'http'`. */
  readonly name?: string
  /** Outermost first. Default none. */
  readonly layers?: readonly Layer[]
}

/** Outgoing HTTP over a driver. Nodes that declared `read` get a view that refuses methods that write. */
export function createHttp(
  driver: HttpDriver,
  { name = 'http', layers = [] }: CreateHttpOptions = {},
): HttpWrite & Resource {
  const core = { driver, pipeline: createPipeline('http', name, layers) }
  const view = (access: string, scope: CallScope | undefined): HttpRead =>
    new PortableHttp(core, access !== 'read', scope)
  return withControl(new PortableHttp(core, true, undefined), 'http', core, view)
}

interface Core {
  readonly driver: HttpDriver
  readonly pipeline: Pipeline
}

interface Place {
  readonly capability: string
  readonly operation: string
  readonly key?: string
}

/** A body that cannot be cancelled has ended: its connection broke. */
const ignored = () => undefined

const readMethods: readonly string[] = ['GET', 'HEAD', 'OPTIONS']
const writeMethods: readonly string[] = ['POST', 'PUT', 'PATCH', 'DELETE']

class PortableHttp implements HttpWrite {
  readonly #core: Core
  readonly #writes: boolean
  readonly #scope: CallScope | undefined

  constructor(core: Core, writes: boolean, scope: CallScope | undefined) {
    this.#core = core
    this.#writes = writes
    this.#scope = scope
  }

  get info() {
    return this.#core.driver.info
  }

  async fetch(url: string | URL, options: HttpOptions = {}): Promise<Response> {
    const { driver, pipeline } = this.#core
    const method = (options.method ?? 'GET').toUpperCase()
    const operation = readMethods.includes(method) ? 'read' : 'write'
    const place = { capability: pipeline.capability, operation }
    const target = targetOf(url, place)
    // Queries and userinfo often hold secrets: errors and logs name the rest.
    const where: Place = { ...place, key: target.origin + target.pathname }
    this.#checkMethod(method, options, where)
    return pipeline.run(operation, where.key, options, this.#scope, async ({ signal }) => {
      if (options.body instanceof ReadableStream) checkUnlocked(options.body, where)
      const sent = options.body instanceof ReadableStream ? sentBody(options.body) : undefined
      const request = requestOf(target, method, options, sent?.stream, signal, where)
      let response: Response
      try {
        response = await driver.fetch(request)
      } catch (cause) {
        const failed = sent?.failure()
        if (failed !== undefined)
          throw isCapabilityError(failed.error)
            ? withApplied(failed.error, 'unknown')
            : brokenStream(failed.error, where)
        if (isCapabilityError(cause)) throw cause
        // `fetch` rejects for one reason only beside the signal, which the pipeline sees: nothing answered.
        throw new CapabilityError('Unavailable', 'the server could not be reached', { ...where, cause })
      }
      const error = options.statuses === 'resolve' ? null : statusError(response, where)
      if (error === null) return withBodyErrors(response, { ...where, signal })
      await response.body?.cancel().catch(ignored)
      throw error
    })
  }

  #checkMethod(method: string, { body }: HttpOptions, where: Place): void {
    if (readMethods.includes(method)) {
      if (body === undefined) return
      throw new CapabilityError('InvalidInput', `a ${method} request has no body`, where)
    }
    if (!writeMethods.includes(method)) {
      const known = [...readMethods, ...writeMethods].join(', ')
      throw new CapabilityError(
        'InvalidInput',
        `${method} is not a method of this contract: use ${known}`,
        where,
      )
    }
    if (this.#writes) return
    throw new CapabilityError(
      'InvalidInput',
      `${method} writes, and only reading was declared: use http: 'write'`,
      where,
    )
  }
}

function targetOf(url: string | URL, where: Place): URL {
  const text = String(url)
  checkRevealed(text, 'the URL', where)
  // The text is not repeated: what cannot be parsed cannot be redacted.
  if (!URL.canParse(text))
    throw new CapabilityError('InvalidInput', 'the URL must be absolute and well-formed', where)
  const target = new URL(text)
  if (target.protocol !== 'http:' && target.protocol !== 'https:') {
    throw new CapabilityError(
      'InvalidInput',
      `only http: and https: are fetched, not ${target.protocol}`,
      where,
    )
  }
  if (target.username === '' && target.password === '') return target
  throw new CapabilityError(
    'InvalidInput',
    'the URL holds credentials: send them in an Authorization header',
    {
      ...where,
      key: target.origin + target.pathname,
    },
  )
}

/** A `Secret` that was put into a text without `reveal()` prints as `[secret NAME]`. */
function checkRevealed(text: string, what: string, where: Place): void {
  const name = /\[secret ([\w-]+)\]/.exec(text)?.[1]
  if (name === undefined) return
  throw new CapabilityError(
    'InvalidInput',
    `${what} holds the secret "${name}" as it is printed: write (await secrets.get('${name}')).reveal()`,
    where,
  )
}

function requestOf(
  target: URL,
  method: string,
  { headers, body }: HttpOptions,
  stream: ReadableStream<Uint8Array<ArrayBuffer>> | undefined,
  signal: AbortSignal | undefined,
  where: Place,
): Request {
  let request: Request
  try {
    request = new Request(target, {
      method,
      ...(headers === undefined ? {} : { headers }),
      ...(body === undefined ? {} : { body: stream ?? body }),
      ...(signal === undefined ? {} : { signal }),
      // Streams are sent as they come; runtimes want to hear it, and the DOM types do not know it.
      ...(stream === undefined ? {} : ({ duplex: 'half' } as object)),
    })
  } catch (cause) {
    throw new CapabilityError('InvalidInput', 'the request is malformed: check its headers and body', {
      ...where,
      cause,
    })
  }
  if (headers !== undefined) {
    for (const [name, value] of request.headers) checkRevealed(value, `the header "${name}"`, where)
  }
  return request
}
