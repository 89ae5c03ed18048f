/** Where a server listens decides what it shows and to which names it answers. */
import { HttpProblem } from '@flowport/flow'
import { type AllowedHosts, type HostCheck, hostCheck, isLoopbackName } from '@flowport/flow/http'
import type { FastifyInstance, FastifyRequest } from 'fastify'

/** Headers of requests that came through a proxy: what listens on loopback is then open to whoever the proxy lets in. */
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

  /** The refusal of a request by its `Host`. Requests of `inject` come from the process itself. */
  refusal({ raw }: FastifyRequest): HttpProblem | undefined {
    if (!this.#isKnown()) return undefined
    const host = raw.headers.host ?? authorityOf(raw.headers)
    if (host === undefined && raw.httpVersion === '1.1') return noHost()
    return this.#check === null ? undefined : this.#check(host)
  }

  /** Whether a request can only come from this machine. */
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

/** A Unix socket has a path and no address: what is behind it is not known. */
function isLoopbackAddress(bound: { readonly address: string } | string): boolean {
  return typeof bound !== 'string' && isLoopbackName(bound.address)
}

/** HTTP/2 has it in place of `Host`. */
function authorityOf(headers: Readonly<Record<string, unknown>>): string | undefined {
  const authority = headers[':authority']
  return typeof authority === 'string' ? authority : undefined
}

function noHost(): HttpProblem {
  return new HttpProblem({ status: 400, code: 'HOST_MISSING', title: 'The request does not name its host' })
}
