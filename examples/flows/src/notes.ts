/** Notes: flows that read and write a key-value store, each node declaring only the access it needs. */
import { flow, http, node, problem } from '@flowport/flow'
import * as z from 'zod'

const id = z.string().min(1).max(200)
const NoteId = z.object({ id })
const Note = z.object({ id, text: z.string().max(500_000) })

const prefixOf = 'notes/'

const write = node('write-note', {
  input: Note,
  output: Note,
  uses: { kv: { access: 'write', consistency: 'strong', durability: 'durable' } },
  idempotency: 'natural',
  async run({ id, text }, { kv }) {
    await kv.put(prefixOf + id, text)
    return { id, text }
  },
})

const read = node('read-note', {
  input: NoteId,
  output: Note,
  uses: { kv: { access: 'read', consistency: 'strong' } },
  async run({ id }, { kv }) {
    const text = await kv.get(prefixOf + id)
    if (text === null)
      throw problem({ status: 404, code: 'NOTE_NOT_FOUND', title: 'There is no such note', detail: id })
    return { id, text }
  },
})

const remove = node('delete-note', {
  input: NoteId,
  uses: { kv: { access: 'write', consistency: 'strong' } },
  idempotency: 'natural',
  async run({ id }, { kv }) {
    await kv.delete(prefixOf + id)
  },
})

const ListQuery = z.object({
  prefix: z.string().max(200).default(''),
  cursor: z.string().max(2_000).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
})

const Page = z.object({
  keys: z.array(
    z.object({ key: z.string(), expiresAt: z.string().optional(), metadata: z.unknown().optional() }),
  ),
  listComplete: z.boolean(),
  cursor: z.string().optional(),
})

const list = node('list-notes', {
  input: ListQuery,
  output: Page,
  uses: { kv: { access: 'read', features: ['list'] } },
  async run({ prefix, cursor, limit }, { kv }) {
    const page = await kv.list({
      prefix: prefixOf + prefix,
      limit,
      ...(cursor === undefined ? {} : { cursor }),
    })
    return {
      keys: page.keys.map(({ key, expiresAt, metadata }) => ({
        key: key.slice(prefixOf.length),
        ...(expiresAt === undefined ? {} : { expiresAt: expiresAt.toISOString() }),
        ...(metadata === undefined ? {} : { metadata }),
      })),
      listComplete: page.listComplete,
      ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
    }
  },
})

const tags = ['notes']

export const putNote = flow('put-note', {
  summary: 'Writes a note',
  tags,
  trigger: http.put('/notes/:id', { input: Note }),
  graph: (note, step) => step(write, note),
})

export const getNote = flow('get-note', {
  summary: 'Reads a note',
  tags,
  trigger: http.get('/notes/:id', { input: NoteId }),
  graph: (note, step) => step(read, note),
})

export const deleteNote = flow('delete-note', {
  summary: 'Deletes a note; succeeds when the note does not exist',
  tags,
  trigger: http.delete('/notes/:id', { input: NoteId }),
  graph: (note, step) => step(remove, note, { alias: 'delete' }),
})

export const listNotes = flow('list-notes', {
  summary: 'Lists notes page by page',
  tags,
  trigger: http.get('/notes', { input: ListQuery }),
  graph: (query, step) => step(list, query, { alias: 'list' }),
})
