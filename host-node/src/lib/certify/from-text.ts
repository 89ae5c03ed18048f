/** Builds a certification's payload and observer from command-line text. Both replace `{key}` with the key. */
import type { EffectCount } from './options.ts'

/** Milliseconds the observer may take to answer. */
const timeoutMs = 10_000

/**
 * Makes the payload from JSON.
 * @throws TypeError for text that is not JSON, or that lacks `{key}`, because then every payload would have the same effect.
 */
export function payloadFrom(json: string): (key: string) => unknown {
  const parse = (key: string): unknown => JSON.parse(json.replaceAll('{key}', key))
  try {
    parse('k')
  } catch (cause) {
    throw new TypeError('--input is not JSON', { cause })
  }
  if (!json.includes('{key}'))
    throw new TypeError('--input has no {key}: put it where the payload identifies its effect')
  return parse
}

/**
 * Returns an observer that counts with a GET request. The URL answers with a number, with one number for each node, or with
 * JSON that contains them at the JSON Pointer in the URL's fragment, as in `http://localhost:4174/charges/{key}#/charges`.
 */
export function countAt(url: string): (key: string) => Promise<EffectCount> {
  if (!url.includes('{key}') || !URL.canParse(url.replaceAll('{key}', 'k')))
    throw new TypeError('--count must be a URL with {key}, such as http://127.0.0.1:4174/charges/{key}')
  return async (key) => {
    const { href, hash } = new URL(url.replaceAll('{key}', encodeURIComponent(key)))
    const response = await fetch(href, { signal: AbortSignal.timeout(timeoutMs) })
    if (!response.ok) throw new TypeError(`the observer answered ${response.status} at ${url}`)
    const found = at(await response.json(), decodeURIComponent(hash.slice(1)))
    if (isCount(found)) return found
    throw new TypeError(`the observer at ${url} returned neither a number nor one number for each node`)
  }
}

function at(value: unknown, pointer: string): unknown {
  const names = pointer.split('/').slice(1)
  return names.reduce<unknown>(
    (inner, name) => Object(inner)[name.replaceAll('~1', '/').replaceAll('~0', '~')] as unknown,
    value,
  )
}

function isCount(value: unknown): value is EffectCount {
  if (typeof value === 'number') return true
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((each) => typeof each === 'number')
  )
}
