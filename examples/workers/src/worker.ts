/**
 * The example app as a Cloudflare Worker: the same flows as on Fastify, and the Durable Object classes that store their data.
 */
import app from '@flowport-examples/flows/workers'
import { createWorker } from '@flowport/host-workers'

export { KeyValueObject, LedgerObject } from '@flowport/presets/durable-dedupe/objects'

export default createWorker(app, {
  // Maps each environment's queue name on Cloudflare to the name that the flows use.
  queues: { 'flowport-example-emails': 'emails', 'flowport-example-emails-staging': 'emails' },
})
