/** The example app as a Cloudflare Worker: the same flows as on Fastify, and the Durable Object classes they run on. */
import app from '@flowport-examples/flows/workers'
import { createWorker } from '@flowport/host-workers'

export { KeyValueObject, LedgerObject } from '@flowport/presets/durable-dedupe/objects'

export default createWorker(app, {
  // The platform's names of queues differ by environment; flows know one.
  queues: { 'flowport-example-emails': 'emails', 'flowport-example-emails-staging': 'emails' },
})
