/** The example app: host-free flows, and the profiles they run on. */
import { defineApp } from '@flowport/flow'
import { cloudflareKv } from '@flowport/presets/cloudflare-kv'
import { cloudflareQueues } from '@flowport/presets/cloudflare-queues'
import { cloudflareR2 } from '@flowport/presets/cloudflare-r2'
import { durableDedupe } from '@flowport/presets/durable-dedupe'
import { fs } from '@flowport/presets/fs'
import { memory } from '@flowport/presets/memory'
import { opfsBrowser } from '@flowport/presets/opfs-browser'
import { s3 } from '@flowport/presets/s3'
import { sqlite } from '@flowport/presets/sqlite'
import { echo } from './echo.ts'
import { getEmail, postEmail, sendEmail } from './emails.ts'
import { deleteFile, getFile, listFiles, postFiles, putFile } from './files.ts'
import { getFlag, putFlag } from './flags.ts'
import { getHeartbeat, heartbeat } from './heartbeat.ts'
import { imports } from './imports.ts'
import { deleteNote, getNote, listNotes, putNote } from './notes.ts'
import { getOrder, postOrder } from './orders.ts'
import { payments } from './payments.ts'
import { siteStatus } from './site-status.ts'
import { tickets } from './tickets.ts'

export default defineApp({
  name: 'flowport-example',
  version: '0.1.0',
  summary: 'The Flowport example app: notes, files, orders, imports and more.',
  flows: [
    echo,
    siteStatus,
    tickets,
    putNote,
    getNote,
    deleteNote,
    listNotes,
    putFile,
    postFiles,
    getFile,
    deleteFile,
    listFiles,
    postOrder,
    getOrder,
    imports,
    postEmail,
    sendEmail,
    getEmail,
    putFlag,
    getFlag,
    heartbeat,
    getHeartbeat,
  ],
  profiles: {
    /** Embedded: a SQLite file and a folder, under `FLOWPORT_DATA_DIR`. */
    local: [
      sqlite({ only: ['kv', 'dedupe'] }),
      sqlite({ only: ['queue'], as: 'emails' }),
      fs({ only: ['blob'] }),
      fs({ only: ['kv'], as: 'flags' }),
      memory({ only: ['cache'] }),
      payments(),
    ],
    /** The same with files in a bucket: `S3_BUCKET`, `S3_REGION`, `S3_ENDPOINT` and credentials say where. */
    s3: [
      sqlite({ only: ['kv', 'dedupe'] }),
      sqlite({ only: ['queue'], as: 'emails' }),
      s3({ only: ['blob'] }),
      fs({ only: ['kv'], as: 'flags' }),
      memory({ only: ['cache'] }),
      payments(),
    ],
    /** Cloudflare: Durable Objects where a strong store is needed, KV where it is not, R2 for files. */
    workers: [
      durableDedupe(),
      cloudflareKv({ as: 'flags', binding: 'FLAGS' }),
      cloudflareR2({ binding: 'FILES' }),
      cloudflareQueues({ as: 'emails', binding: 'EMAILS' }),
      memory({ only: ['cache'] }),
      payments(),
    ],
    /** A page or its service worker: files, entries and the dedupe ledger on OPFS; emails wait no longer than the page. */
    browser: [
      opfsBrowser(),
      opfsBrowser({ only: ['kv'], as: 'flags', root: 'flags' }),
      memory({ only: ['queue'], as: 'emails' }),
      memory({ only: ['cache'] }),
      payments(),
    ],
  },
})
