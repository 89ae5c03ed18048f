/** Describes a started server: its address and profile, the triggers of its flows, and its bindings with their guarantees. */
import { triggerColumns } from '@flowport/flow'
import { guaranteesOf } from '@flowport/flow/http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { table } from './table.ts'

/** Returns plain text for a terminal. */
export function describeServer(server: FastifyInstance): string {
  const { app, profile, bag } = server.flowport
  const routes = app.flows.flatMap(({ name, summary, trigger }) =>
    trigger.kind === 'http' ? [[trigger.method, trigger.path, summary ?? name]] : [],
  )
  const others = app.flows.flatMap(({ name, summary, trigger }) =>
    trigger.kind === 'queue' || trigger.kind === 'cron'
      ? [[...triggerColumns(trigger), summary ?? name]]
      : [],
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
    ...(others.length === 0 ? [] : [table(['TRIGGER', 'ON', 'FLOW'], others)]),
    table(['BINDING', 'PROVIDER', 'GUARANTEES', 'LAYERS'], bindings),
  ].join('\n')
}

function addressOf(server: FastifyInstance): string {
  const address = server.server.address() as AddressInfo | null
  if (address === null) return '(not listening)'
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return `http://${host}:${address.port}`
}
