/** What each host case is given, and the few ways cases look at answers. */
import { expect } from 'vitest'

/** Sends a request to a path of the host. */
export type Ask = (path: string, init?: RequestInit) => Promise<Response>

export interface HostCase {
  readonly name: string
  run(ask: Ask): Promise<void>
}

export interface HostGroup {
  readonly name: string
  readonly cases: readonly HostCase[]
}

export const json = 'application/json; charset=utf-8'
export const problemType = 'application/problem+json; charset=utf-8'

/** Asserts that an answer is a problem with status and code, and gives its body. */
export async function problemOf(
  answer: Promise<Response>,
  status: number,
  code: string,
): Promise<Record<string, unknown>> {
  const response = await answer
  const text = await response.text()
  expect([response.status, response.headers.get('content-type'), text]).toEqual([
    status,
    problemType,
    expect.stringContaining(`"code":"${code}"`),
  ])
  expect(response.headers.get('cache-control')).toBe('no-store')
  const body = JSON.parse(text) as Record<string, unknown>
  expect(body).toMatchObject({ status, code, requestId: response.headers.get('x-request-id') })
  return body
}

/** A JSON body. */
export function posted(body: unknown, method = 'POST', headers: Record<string, string> = {}): RequestInit {
  return {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  }
}

/** A name nobody else uses. */
export function fresh(): string {
  return crypto.randomUUID()
}
