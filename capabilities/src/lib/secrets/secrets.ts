/** Makes secrets of a driver: values that show themselves only when asked to. The host's environment is the last stop. */
import { CapabilityError } from '../error.ts'
import type { CallOptions } from '../kv/contract.ts'
import { type CallScope, createPipeline, type Layer, type Pipeline } from '../layer.ts'
import { checkKey } from '../limits.ts'
import { type Resource, withControl } from '../resource/resource.ts'
import type { Secret, Secrets } from './contract.ts'
import type { SecretsDriver } from './driver.ts'

export interface CreateSecretsOptions {
  /** Name in the bag, shown in errors and logs. Default `'secrets'`. */
  readonly name?: string
  /** Outermost first. Default none. */
  readonly layers?: readonly Layer[]
}

/** Secrets over a driver. */
export function createSecrets(
  driver: SecretsDriver,
  { name = 'secrets', layers = [] }: CreateSecretsOptions = {},
): Secrets & Resource {
  const core = { driver, pipeline: createPipeline('secrets', name, layers) }
  const view = (_access: string, scope: CallScope | undefined) => new PortableSecrets(core, scope)
  return withControl(new PortableSecrets(core, undefined), 'secrets', core, view)
}

interface Core {
  readonly driver: SecretsDriver
  readonly pipeline: Pipeline
}

class PortableSecrets implements Secrets {
  readonly #core: Core
  readonly #scope: CallScope | undefined

  constructor(core: Core, scope: CallScope | undefined) {
    this.#core = core
    this.#scope = scope
  }

  get info() {
    return this.#core.driver.info
  }

  async get(name: string, options?: CallOptions): Promise<Secret> {
    const { driver, pipeline } = this.#core
    checkKey(name, Infinity, pipeline.capability, 'get')
    return pipeline.run('get', name, options, this.#scope, async ({ signal }) => {
      const value = await driver.get(name, { signal })
      if (value !== null) return new SealedSecret(name, value)
      throw new CapabilityError('NotFound', `there is no secret "${name}"; set it, and allow it to be read`)
    })
  }
}

/** What `console.log` asks an object for, in Node and in Workers. */
const inspect: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

class SealedSecret implements Secret {
  readonly name: string
  readonly #value: string

  constructor(name: string, value: string) {
    this.name = name
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return `[secret ${this.name}]`
  }

  toJSON(): string {
    return this.toString()
  }

  [inspect](): string {
    return this.toString()
  }
}
