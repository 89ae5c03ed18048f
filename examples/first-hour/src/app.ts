/** The app: its flows, and for each environment a profile of the stores they use. */
import { defineApp } from '@flowport/flow'
import { cloudflareQueues } from '@flowport/presets/cloudflare-queues'
import { cloudflareR2 } from '@flowport/presets/cloudflare-r2'
import { durableDedupe } from '@flowport/presets/durable-dedupe'
import { fs } from '@flowport/presets/fs'
import { memory } from '@flowport/presets/memory'
import { opfsBrowser } from '@flowport/presets/opfs-browser'
import { s3 } from '@flowport/presets/s3'
import { sqlite } from '@flowport/presets/sqlite'
import { getOrder, labelOrder, putOrder } from './orders.ts'
import { getPhoto, postPhotos } from './photos.ts'
import { orderProgress } from './progress.ts'
import { getReport, nightlyReport } from './report.ts'

export default defineApp({
  name: 'orders',
  version: '1.0.0',
  summary: 'Orders, their labels and photos',
  openapi: {
    securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
    security: [{ bearer: [] }],
  },
  // The carrier's URL, including its token: an environment variable on Node, a secret on Workers.
  secrets: ['CARRIER_URL'],
  flows: [putOrder, getOrder, orderProgress, labelOrder, postPhotos, getPhoto, nightlyReport, getReport],
  profiles: {
    /** Local development: a SQLite file and a folder. */
    local: [
      sqlite({ only: ['kv', 'dedupe'] }),
      sqlite({ only: ['queue'], as: 'labels' }),
      fs({ only: ['blob'] }),
    ],
    /** Like `local`, with photos in an S3 bucket. */
    bucket: [sqlite({ only: ['kv', 'dedupe'] }), sqlite({ only: ['queue'], as: 'labels' }), s3()],
    /** Everything in memory, for tests. */
    test: [memory({ only: ['kv', 'dedupe', 'blob'] }), memory({ only: ['queue'], as: 'labels' })],
    /** A web page: photos and orders on the device's private file system. Queued labels are lost when the page closes. */
    browser: [opfsBrowser(), memory({ only: ['queue'], as: 'labels' })],
    /** Cloudflare Workers: Durable Objects for orders, R2 for photos, Queues for labels. */
    workers: [
      durableDedupe(),
      cloudflareR2({ binding: 'PHOTOS' }),
      cloudflareQueues({ as: 'labels', binding: 'LABELS' }),
    ],
  },
})
