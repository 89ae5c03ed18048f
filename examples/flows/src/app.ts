/** The example app: host-free flows, and the profiles they run on. */
import { defineApp } from '@flowport/flow'
import { fs } from '@flowport/presets/fs'
import { memory } from '@flowport/presets/memory'
import { opfsBrowser } from '@flowport/presets/opfs-browser'
import { s3 } from '@flowport/presets/s3'
import { sqlite } from '@flowport/presets/sqlite'
import { about, flows } from './flows.ts'
import { payments } from './payments.ts'
import { workers } from './workers-profile.ts'

export default defineApp({
  ...about,
  flows,
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
    workers,
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
