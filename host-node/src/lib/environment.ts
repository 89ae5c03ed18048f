/** Reads the environment variables of one profile, and reports all faults together. Never shows values. */
import {
  DiagnosticsError,
  type EnvironmentIssue,
  environmentDiagnostics,
  missingSecrets,
  providesSecrets,
  presetDiagnostics,
} from '@flowport/flow'
import type { Provider } from '@flowport/capabilities'
import { envSchema } from 'env-schema'

export type Environment = Readonly<Record<string, string | undefined>>

/** A JSON Schema of environment variables, as declared by providers and hosts. */
export interface VariablesSchema {
  readonly properties: Readonly<Record<string, unknown>>
  readonly required?: readonly string[]
}

export interface ProfileVariables {
  /** Name of the profile, for findings. */
  readonly profile: string
  readonly providers: readonly Provider[]
  /** Names of the secrets the app reads. */
  readonly secrets: readonly string[]
}

/** Returns a profile's validated variables, with defaults. Throws one `DiagnosticsError` with a `CAP103` for each fault. */
export function readEnvironment(
  env: Environment,
  variables: ProfileVariables,
): Readonly<Record<string, unknown>> {
  const { profile, providers, secrets } = variables
  const { values, faults } = validateVariables(
    env,
    providers.map((provider) => provider.env),
  )
  const findings = [
    ...environmentDiagnostics(profile, [
      ...faults,
      ...(providesSecrets(providers) ? [] : missingSecrets({ secrets }, env)),
    ]),
    ...(faults.length > 0 ? [] : presetDiagnostics(profile, providers, values)),
  ]
  if (findings.length === 0) return values
  throw new DiagnosticsError(`the environment does not fit profile "${profile}"`, findings)
}

/** Validates and converts the variables that the schemas name. */
export function validateVariables(
  env: Environment,
  schemas: readonly VariablesSchema[],
): { readonly values: Readonly<Record<string, unknown>>; readonly faults: readonly EnvironmentIssue[] } {
  const schema = {
    type: 'object',
    properties: Object.assign(
      {},
      ...schemas.map(({ properties }) => structuredClone({ ...properties })),
    ) as object,
    required: [...new Set(schemas.flatMap(({ required = [] }) => required))],
  }
  // An empty variable counts as unset, because shells make it hard to unset one.
  const data = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  )
  try {
    return { values: envSchema({ schema, data, env: false }), faults: [] }
  } catch (error) {
    const errors = (error as { errors?: readonly AjvError[] }).errors
    if (errors === undefined) throw error
    return { values: {}, faults: errors.map(faultOf) }
  }
}

interface AjvError {
  readonly keyword: string
  readonly instancePath: string
  readonly params: Readonly<Record<string, unknown>>
  readonly message?: string
}

/** Converts an Ajv error. Ajv's messages name rules, not values; for `enum` the allowed values are added. */
function faultOf({ keyword, instancePath, params, message }: AjvError): EnvironmentIssue {
  if (keyword === 'required') return { variable: String(params['missingProperty']), problem: 'is missing' }
  const variable = instancePath.slice(1)
  if (keyword === 'enum') {
    return {
      variable,
      problem: `must be one of ${(params['allowedValues'] as readonly unknown[]).join(', ')}`,
    }
  }
  return { variable, problem: message ?? 'is malformed' }
}
