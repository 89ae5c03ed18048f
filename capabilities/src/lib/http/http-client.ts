/** Makes outgoing HTTP of a driver: argument checks, one error shape, layers. The host's `fetch` is the last stop. */
import { CapabilityError, isCapabilityError } from '../error.ts'
import { type CallScope, createPipeline, type Layer, type Pipeline } from '../layer.ts'
import { type Resource, withControl } from '../resource/resource.ts'
import type { HttpOptions, HttpRead, HttpWrite } from './contract.ts'
import type { HttpDriver } from './driver.ts'

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
      const request = requestOf(target, method, options, signal, where)
      try {
        return await driver.fetch(request)
      } catch (cause) {
        if (isCapabilityError(cause)) throw cause
        // `fetch` rejects for one reason only beside the signal, which the pipeline sees: nothing answered.
        throw new CapabilityError('Unavailable', 'the server could not be reached', { ...where, cause })
      }
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

function requestOf(
  target: URL,
  method: string,
  { headers, body }: HttpOptions,
  signal: AbortSignal | undefined,
  where: Place,
): Request {
  try {
    return new Request(target, {
      method,
      ...(headers === undefined ? {} : { headers }),
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
      // Streams are sent as they come; runtimes want to hear it, and the DOM types do not know it.
      ...(body instanceof ReadableStream ? ({ duplex: 'half' } as object) : {}),
    })
  } catch (cause) {
    throw new CapabilityError('InvalidInput', 'the request is malformed: check its headers and body', {
      ...where,
      cause,
    })
  }
}
