/** Which service the `opendal` preset opens: what options say, else what variables say. */
import type { CapabilityError } from '@flowport/capabilities'
import { misconfigured as misconfiguredAt } from '../platform/misconfigured.ts'
import type { OperatorSource } from './driver.ts'
import type * as Type from 'typebox'
import type { OpendalOptions, opendalEnv } from './declaration.ts'

type Config = NonNullable<OpendalOptions['config']>

/** The source of the operator; `Misconfigured` when there is none, or two. */
export function sourceOf(
  options: Pick<OpendalOptions, 'scheme' | 'config' | 'uri'>,
  env: Type.Static<typeof opendalEnv>,
): OperatorSource {
  const named = options.scheme !== undefined || options.uri !== undefined
  const scheme = named ? options.scheme : present(env.OPENDAL_SCHEME)
  const uri = named ? options.uri : present(env.OPENDAL_URI)
  const config = options.config ?? configOf(named ? undefined : present(env.OPENDAL_CONFIG))
  if (scheme !== undefined && uri !== undefined) {
    throw misconfigured(
      'say which service it is once: by its scheme (OPENDAL_SCHEME) or by a URI (OPENDAL_URI)',
    )
  }
  if (uri !== undefined) return { uri, ...(config === undefined ? {} : { config }) }
  if (scheme !== undefined) return { scheme, ...(config === undefined ? {} : { config }) }
  throw misconfigured('it needs to know the service: give scheme and config, or uri, or set OPENDAL_URI')
}

/** An empty variable is one that is not set. */
function present(value: string | undefined): string | undefined {
  return value === '' ? undefined : value
}

function configOf(text: string | undefined): Config | undefined {
  if (text === undefined) return undefined
  const config = parsed(text)
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) return config as Config
  throw misconfigured('OPENDAL_CONFIG must be a JSON object, such as {"bucket":"notes"}')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    // The parser's error would show part of the text, which holds secrets.
    return undefined
  }
}

function misconfigured(reason: string): CapabilityError {
  return misconfiguredAt('preset "opendal"', reason, { code: 'OPENDAL_SOURCE' })
}
