/**
 * Emails: a request is accepted immediately and sent from a queue, once per email even if the queue delivers a message twice.
 */
import { isKind } from '@flowport/capabilities'
import { flow, http, node, problem, queue } from '@flowport/flow'
import * as z from 'zod'

const id = z.string().min(1).max(100)
const Request = z.object({ id, to: z.email(), subject: z.string().min(1).max(200) })
const Accepted = z.object({ id })
const EmailId = z.object({ id })
const Status = z.object({ id, status: z.enum(['queued', 'sent']), sentAt: z.string().optional() })

const keyOf = (id: string) => `emails/${id}`

const enqueue = node('enqueue', {
  summary: 'Stores the email as queued and publishes it to the queue',
  input: Request,
  output: Accepted,
  uses: {
    kv: { access: 'write', consistency: 'strong', features: ['conditional'] },
    'queue:emails': 'publish',
  },
  // Safe to repeat: the consumer sends each id once, even if the queue holds it several times.
  idempotency: { key: '/id', unknown: 'again', sink: 'keyed', ttl: '7d' },
  async run(email, { kv, 'queue:emails': emails }) {
    const queued = { id: email.id, status: 'queued' }
    // On a repeat the email may already be sent: `ifAbsent` keeps that status.
    await kv.put(keyOf(email.id), { json: queued }, { ifAbsent: true }).catch((error: unknown) => {
      if (!isKind(error, 'AlreadyExists')) throw error
    })
    await emails.send(email)
    return { id: email.id }
  },
})

const send = node('send', {
  summary: 'Sends an email, once per id',
  input: Request,
  output: Status,
  uses: { kv: { access: 'write', consistency: 'strong' }, clock: 'read' },
  idempotency: { key: '/id', unknown: 'again', sink: 'keyed', ttl: '7d' },
  async run({ id }, { kv, clock }) {
    // A real app would call its mail provider here, with the id as the idempotency key.
    const status = { id, status: 'sent' as const, sentAt: new Date(clock.now()).toISOString() }
    await kv.put(keyOf(id), { json: status })
    return status
  },
})

const find = node('find-email', {
  input: EmailId,
  output: Status,
  uses: { kv: { access: 'read', consistency: 'strong' } },
  async run({ id }, { kv }) {
    const status = await kv.get(keyOf(id), { schema: Status })
    if (status === null)
      throw problem({ status: 404, code: 'EMAIL_NOT_FOUND', title: 'There is no such email', detail: id })
    return status
  },
})

const tags = ['emails']

export const postEmail = flow('post-email', {
  summary: 'Accepts an email to send',
  tags,
  trigger: http.post('/emails', { input: Request, status: 202 }),
  graph: (email, step) => step(enqueue, email),
})

export const sendEmail = flow('send-email', {
  summary: 'Sends the queued emails',
  tags,
  trigger: queue('emails', { input: Request, maxAttempts: 5 }),
  graph: (email, step) => step(send, email),
})

export const getEmail = flow('get-email', {
  summary: 'Shows the status of an email',
  tags,
  trigger: http.get('/emails/:id', { input: EmailId }),
  graph: (email, step) => step(find, email),
})
