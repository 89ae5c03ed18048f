/** Every flow of the example app, with its name, version and OpenAPI details. */
import { echo } from './echo.ts'
import { getEmail, postEmail, sendEmail } from './emails.ts'
import { deleteFile, getFile, listFiles, postFiles, putFile } from './files.ts'
import { getFlag, putFlag } from './flags.ts'
import { getHeartbeat, heartbeat } from './heartbeat.ts'
import { imports } from './imports.ts'
import { deleteNote, getNote, listNotes, putNote } from './notes.ts'
import { getOrder, postOrder } from './orders.ts'
import { siteStatus } from './site-status.ts'
import { tickets } from './tickets.ts'

export const about = {
  name: 'flowport-example',
  version: '0.1.0',
  summary: 'The Flowport example app: notes, files, orders, imports and more.',
  openapi: { license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
} as const

export const flows = [
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
] as const
