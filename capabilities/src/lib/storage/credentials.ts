/** Keeps credentials of providers where neither `JSON.stringify` nor `util.inspect` looks. */
import { CapabilityError } from '../error.ts'
import type { CredentialField, Credentials, StorageScheme } from './scheme.ts'

export type Env = Readonly<Record<string, string | undefined>>

type Fields = Readonly<Record<string, CredentialField>>

export class CredentialBook {
  readonly #env: Env
  readonly #fields: ReadonlyMap<string, Fields | undefined>
  readonly #set = new Map<string, Credentials>()

  /** @param env Read whenever credentials are asked for, so that a rotated variable is seen. */
  constructor(schemes: readonly StorageScheme[], env: Env) {
    this.#env = env
    this.#fields = new Map(
      schemes.flatMap(({ provider, fields }) =>
        provider === undefined ? [] : [[provider, fields] as const],
      ),
    )
  }

  /** Replaces those of the provider. Names of fields are told in errors, values never. */
  set(provider: string, credentials: unknown): void {
    const fields = this.#fieldsOf(provider)
    if (typeof credentials !== 'object' || credentials === null || Array.isArray(credentials)) {
      throw refused(`credentials are an object of text${namesOf(fields)}`, provider)
    }
    // Undefined fields are those an optional value left out.
    const given = Object.entries(credentials as Record<string, unknown>).filter(
      ([, value]) => value !== undefined,
    )
    for (const [name, value] of given) {
      if (fields !== undefined && !Object.hasOwn(fields, name))
        throw refused(`there is no field "${name}"${namesOf(fields)}`, provider)
      if (typeof value !== 'string' || value === '')
        throw refused(`the field "${name}" must be text, and not empty`, provider)
    }
    if (given.length === 0) throw refused(`there is nothing in them${namesOf(fields)}`, provider)
    const own = Object.fromEntries(given) as Credentials
    const absent = missingFields(fields, own)
    if (absent.length > 0) throw refused(`${absent.join(', ')} is missing`, provider)
    this.#set.set(provider, own)
  }

  /** Forgets those that were set; the environment counts again. */
  clear(provider: string): void {
    this.#fieldsOf(provider)
    this.#set.delete(provider)
  }

  has(provider: string): boolean {
    const fields = this.#fieldsOf(provider)
    const found = this.of(provider)
    return found !== null && missingFields(fields, found).length === 0
  }

  /** Those that were set, else those of the environment: never a mixture of both. */
  of(provider: string): Credentials | null {
    return this.#set.get(provider) ?? this.#ofEnvironment(this.#fields.get(provider))
  }

  /** `MISSING_CREDENTIALS`, unless there are those the scheme cannot do without. */
  check({ scheme, provider, fields }: StorageScheme, credentials: Credentials | null): void {
    const absent = missingFields(fields, credentials ?? {})
    if (absent.length > 0 && provider !== undefined)
      throw missingCredentials({ scheme, provider, fields, missing: absent })
  }

  #fieldsOf(provider: string): Fields | undefined {
    if (this.#fields.has(provider)) return this.#fields.get(provider)
    const known = [...this.#fields.keys()]
    throw new CapabilityError(
      'InvalidInput',
      `no scheme of this storage takes credentials of "${provider}"; ${known.length === 0 ? 'none of them takes any' : `they take those of ${known.join(', ')}`}`,
      { code: 'UNKNOWN_PROVIDER' },
    )
  }

  #ofEnvironment(fields: Fields | undefined): Credentials | null {
    const found = Object.entries(fields ?? {}).flatMap(([name, { env = [] }]) => {
      // A variable that is set to nothing is one that is not set; a Worker's bindings may hold anything.
      const values = env.map((variable): unknown => this.#env[variable])
      const value = values.find((each) => typeof each === 'string' && each !== '')
      return value === undefined ? [] : [[name, value as string] as const]
    })
    return found.length === 0 ? null : Object.fromEntries(found)
  }
}

/** What a scheme that needs one of several sets of fields throws when there is none of them. */
export function missingCredentials({
  scheme,
  provider,
  fields,
  missing,
}: {
  readonly scheme: string
  readonly provider: string
  readonly fields?: Fields | undefined
  /** Names of fields, or text that says which would do. */
  readonly missing: readonly string[]
}): CapabilityError {
  const variables = missing.flatMap((name) => fields?.[name]?.env?.[0] ?? [])
  const call = `setCredentials('${provider}', { ${missing.join(', ')} })`
  return new CapabilityError(
    'Unauthenticated',
    `${scheme}:// needs credentials: ${missing.join(', ')} missing; call ${call}${variables.length === 0 ? '' : `, or set ${variables.join(', ')} in the environment the storage is given`}`,
    { code: 'MISSING_CREDENTIALS', details: { provider, missing, variables } },
  )
}

function missingFields(fields: Fields | undefined, credentials: Credentials): string[] {
  return Object.entries(fields ?? {}).flatMap(([name, { required }]) =>
    required === true && credentials[name] === undefined ? [name] : [],
  )
}

function namesOf(fields: Fields | undefined): string {
  return fields === undefined ? '' : `; the fields are ${Object.keys(fields).join(', ')}`
}

function refused(reason: string, provider: string): CapabilityError {
  return new CapabilityError('InvalidInput', `credentials of "${provider}": ${reason}`, {
    code: 'INVALID_CREDENTIALS',
  })
}
