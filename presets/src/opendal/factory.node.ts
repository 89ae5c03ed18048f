/** Makes an OpenDAL operator once, of a scheme and config, of a URI, or of one that is there already. Drivers are made of it. */
import { isMainThread } from 'node:worker_threads'
import type { Operator } from 'opendal'
import { CapabilityError, isCapabilityError, type Logger } from '@flowport/capabilities'
import { checkedConfig, type ConfigValue, type OpenDalConfig, secretsOf } from './config.ts'
import { layered, type OpenDalLayer } from './layers.ts'
import { loadOpenDal, type LoadOptions, type OpenDal } from './load.ts'
import { refusedConstruction } from './services.ts'
import { parseServiceUri } from './uri.ts'
import { OpenDalError } from './translate-error.ts'

/** One operator. */
export interface OperatorFactory {
  /** The service, such as `'s3'`. */
  readonly scheme: string
  /** Where the operator's paths start, such as `'/notes'`; absent where that is not known. */
  readonly root?: string
  /** The operator: made with the first call, the same for all calls. A call after one that failed tries again. */
  build(): Promise<Operator>
}

/** What to make an operator of. */
export type OperatorSource<S extends string = string> =
  | { readonly scheme: S; readonly config?: OpenDalConfig<S> }
  | { readonly uri: string; readonly config?: Readonly<Record<string, ConfigValue | undefined>> }
  | { readonly operator: Operator; readonly scheme: string }

export interface OperatorFactoryOptions extends LoadOptions {
  /** OpenDAL's own layers, outermost first. Default none. */
  readonly layers?: readonly OpenDalLayer[]
  /** Told once when the operator is made within a worker thread. Default nobody. */
  readonly log?: Pick<Logger, 'warn'>
  /** Whether this is the main thread. Default: asked of Node. */
  readonly mainThread?: boolean
}

/** A factory of one operator. A config that cannot be right is `Misconfigured` here, the rest when it is built. */
export function operatorFactory<const S extends string>(
  source: OperatorSource<S>,
  options: OperatorFactoryOptions = {},
): OperatorFactory {
  if ('operator' in source) return new SingleOperator(source.scheme, {}, source.operator, options)
  const { scheme, config } =
    'uri' in source
      ? withConfig(parseServiceUri(source.uri), source.config)
      : { scheme: normalised(source.scheme), config: { ...source.config } }
  return new SingleOperator(scheme, checkedConfig(scheme, config), undefined, options)
}

/** Holds the config where neither JSON nor `inspect` finds it. */
class SingleOperator implements OperatorFactory {
  readonly scheme: string
  readonly root?: string
  readonly #config: Readonly<Record<string, string>>
  readonly #given: Operator | undefined
  readonly #options: OperatorFactoryOptions
  #building: Promise<Operator> | undefined

  constructor(
    scheme: string,
    config: Readonly<Record<string, string>>,
    given: Operator | undefined,
    options: OperatorFactoryOptions,
  ) {
    this.scheme = scheme
    if (config['root'] !== undefined) this.root = config['root']
    this.#config = config
    this.#given = given
    this.#options = options
  }

  build(): Promise<Operator> {
    this.#building ??= this.#build().catch((error: unknown) => {
      this.#building = undefined
      throw error
    })
    return this.#building
  }

  async #build(): Promise<Operator> {
    const { layers = [], log, mainThread = isMainThread } = this.#options
    const opendal = await loadOpenDal(this.#options)
    const operator = layered(this.#given ?? this.#construct(opendal), layers, opendal)
    if (!mainThread) {
      log?.warn(
        { scheme: this.scheme },
        'opendal is used from a worker thread: ending the thread while a call is under way crashes the process. ' +
          'Await every call before the thread ends, or use the main thread',
      )
    }
    return operator
  }

  #construct(opendal: OpenDal): Operator {
    try {
      return new opendal.Operator(this.scheme, this.#config)
    } catch (error) {
      throw withoutSecrets(refusedConstruction(error, this.scheme, opendal), secretsOf(this.#config))
    }
  }
}

/** Removes the values of the config from the error: OpenDAL quotes values it cannot read. */
function withoutSecrets(error: CapabilityError, secrets: readonly string[]): CapabilityError {
  const hide = (text: string) => secrets.reduce((shown, secret) => shown.replaceAll(secret, '***'), text)
  if (!isCapabilityError(error)) return error
  const said = error.cause instanceof Error ? error.cause.message : ''
  return new CapabilityError(error.kind, hide(error.reason), {
    retryable: error.retryable,
    applied: error.applied,
    code: error.code,
    ...(error.details === undefined ? {} : { details: error.details }),
    cause: new OpenDalError(hide(said)),
  })
}

function withConfig(
  { scheme, config }: { readonly scheme: string; readonly config: Readonly<Record<string, string>> },
  more: Readonly<Record<string, ConfigValue | undefined>> | undefined,
) {
  return { scheme: normalised(scheme), config: { ...config, ...more } }
}

/** As the binary names its services: lower case, with "-". */
function normalised(scheme: string): string {
  const name = scheme.toLowerCase().replaceAll('_', '-')
  if (/^[a-z][a-z0-9-]*$/.test(name)) return name
  throw new CapabilityError('Misconfigured', 'a scheme is the name of a service, such as "s3" or "azblob"', {
    code: 'OPENDAL_CONFIG',
  })
}
