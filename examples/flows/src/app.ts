/** The example app: host-free flows, and the profiles they run on. */
import { defineApp } from '@flowport/flow'
import { fs } from '@flowport/presets/fs'
import { memory } from '@flowport/presets/memory'
import { sqlite } from '@flowport/presets/sqlite'
import { echo } from './echo.ts'
import { deleteFile, getFile, listFiles, postFiles, putFile } from './files.ts'
import { imports } from './imports.ts'
import { deleteNote, getNote, listNotes, putNote } from './notes.ts'
import { getOrder, postOrder } from './orders.ts'
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
  ],
  profiles: {
    /** Embedded: a SQLite file and a folder, under `FLOWPORT_DATA_DIR`. */
    local: [sqlite(), fs({ only: ['blob'] }), memory({ only: ['cache'] })],
  },
})
