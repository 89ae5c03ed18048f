/** The example app: flows that run on any host, and the profiles that choose their stores. */
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
    /** Local development: a SQLite file and folders, under `FLOWPORT_DATA_DIR`. */
    local: [
      sqlite({ only: ['kv', 'dedupe'] }),
      sqlite({ only: ['queue'], as: 'emails' }),
      fs({ only: ['blob'] }),
      fs({ only: ['kv'], as: 'flags' }),
      memory({ only: ['cache'] }),
      payments(),
    ],
    /** Like `local`, with files in the bucket that `S3_BUCKET`, `S3_REGION`, `S3_ENDPOINT` and the credentials name. */
    s3: [
      sqlite({ only: ['kv', 'dedupe'] }),
      sqlite({ only: ['queue'], as: 'emails' }),
      s3({ only: ['blob'] }),
      fs({ only: ['kv'], as: 'flags' }),
      memory({ only: ['cache'] }),
      payments(),
    ],
    workers,
    /**
     * A page or its service worker: files, key-value entries and the dedupe ledger on OPFS. Queued emails are lost with the
     * page.
     */
    browser: [
      opfsBrowser(),
      opfsBrowser({ only: ['kv'], as: 'flags', root: 'flags' }),
      memory({ only: ['queue'], as: 'emails' }),
      memory({ only: ['cache'] }),
      payments(),
    ],
  },
})
