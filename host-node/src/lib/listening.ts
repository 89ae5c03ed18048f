/** Decides from a server's listening addresses which host names it answers, and whether a request is local. */
import { HttpProblem } from '@flowport/flow'
import { type AllowedHosts, type HostCheck, hostCheck, isLoopbackName } from '@flowport/flow/http'
import type { FastifyInstance, FastifyRequest } from 'fastify'

/** Headers that reveal a proxy. A server on loopback behind a proxy is open to the proxy's clients. */
const proxyHeaders = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'] as const

export class Listening {
  readonly #server: FastifyInstance
  readonly #allowed: AllowedHosts | undefined
  #isLoopback: boolean | undefined
  #check: HostCheck | null = null

  /** @throws TypeError for an entry of `allowed` that is not a host name. */
  constructor(server: FastifyInstance, allowed: AllowedHosts | undefined) {
    this.#server = server
    this.#allowed = allowed
    hostCheck(allowed, false)
  }

  /** Returns the refusal for a request with a wrong `Host`. Accepts requests of `inject`, which come from this process. */
  refusal({ raw }: FastifyRequest): HttpProblem | undefined {
    if (!this.#isKnown()) return undefined
    const host = raw.headers.host ?? authorityOf(raw.headers)
    if (host === undefined && raw.httpVersion === '1.1') return noHost()
    return this.#check === null ? undefined : this.#check(host)
  }

  /** Whether a request certainly comes from this machine. */
  isLocal({ headers }: FastifyRequest): boolean {
    if (this.#isKnown() && this.#isLoopback !== true) return false
    return proxyHeaders.every((name) => headers[name] === undefined)
  }

  #isKnown(): boolean {
    if (this.#isLoopback !== undefined) return true
    if (!this.#server.server.listening) return false
    this.#isLoopback = this.#server.addresses().every(isLoopbackAddress)
    this.#check = hostCheck(this.#allowed, this.#isLoopback)
    return true
  }
}

/** A Unix socket has a path instead of an address, and its clients are unknown, so it does not count as loopback. */
function isLoopbackAddress(bound: { readonly address: string } | string): boolean {
  return typeof bound !== 'string' && isLoopbackName(bound.address)
}

/** HTTP/2 sends `:authority` instead of `Host`. */
function authorityOf(headers: Readonly<Record<string, unknown>>): string | undefined {
  const authority = headers[':authority']
  return typeof authority === 'string' ? authority : undefined
}

function noHost(): HttpProblem {
  return new HttpProblem({ status: 400, code: 'HOST_MISSING', title: 'The request does not name its host' })
}
