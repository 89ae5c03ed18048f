/** Tickets: a switch and an if run side by side, and a node joins their results into one answer. */
import { flow, http, node } from '@flowport/flow'
import * as z from 'zod'

const Ticket = z.object({
  kind: z.string().max(50),
  urgent: z.boolean().default(false),
  text: z.string().max(10_000),
})
const Routed = z.object({
  queue: z.enum(['billing', 'bugs', 'general']),
  priority: z.enum(['high', 'normal']),
})

const toBilling = node('to-billing', { input: Ticket, run: () => 'billing' as const })
const toBugs = node('to-bugs', { input: Ticket, run: () => 'bugs' as const })
const toGeneral = node('to-general', { input: Ticket, run: () => 'general' as const })
const asHigh = node('as-high', { input: Ticket, run: () => 'high' as const })
const asNormal = node('as-normal', { input: Ticket, run: () => 'normal' as const })
const assign = node('assign', { input: Routed, output: Routed, run: (routed) => routed })

export const tickets = flow('tickets', {
  summary: 'Finds the queue and the priority of a ticket',
  tags: ['basics'],
  trigger: http.post('/tickets', { input: Ticket }),
  graph: (ticket, step) =>
    step(assign, {
      queue: step.switch(
        ticket,
        '/kind',
        { billing: (it) => step(toBilling, it), bug: (it) => step(toBugs, it) },
        (it) => step(toGeneral, it),
        { alias: 'by-kind' },
      ),
      priority: step.if(
        ticket,
        '/urgent',
        (it) => step(asHigh, it),
        (it) => step(asNormal, it),
        { alias: 'by-urgency' },
      ),
    }),
})
