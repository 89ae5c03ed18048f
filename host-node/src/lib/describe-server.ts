/** What a server says when it is up: where, which profile, its routes, what is bound and what that guarantees. */
import { guaranteesOf } from '@flowport/flow/http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { table } from './table.ts'

/** Plain text for a terminal. */
export function describeServer(server: FastifyInstance): string {
  const { app, profile, bag } = server.flowport
  const routes = app.flows.flatMap(({ name, summary, trigger }) =>
    trigger.kind === 'http' ? [[trigger.method, trigger.path, summary ?? name]] : [],
  )
  const bindings = bag.describe().map(({ name, provider, info, layers }) => [
    name,
    provider,
    Object.entries(guaranteesOf(info))
      .map(([key, level]) => `${key} ${level}`)
      .join(', ') || '-',
    layers.join(' > ') || '-',
  ])
  return [
    `${app.name} ${app.version} on ${addressOf(server)}, profile ${profile}`,
    '',
    table(['METHOD', 'PATH', 'FLOW'], routes),
    table(['BINDING', 'PROVIDER', 'GUARANTEES', 'LAYERS'], bindings),
  ].join('\n')
}

function addressOf(server: FastifyInstance): string {
  const address = server.server.address() as AddressInfo | null
  if (address === null) return '(not listening)'
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `http://${host}:${address.port}`
}
