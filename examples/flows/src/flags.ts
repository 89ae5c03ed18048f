/**
 * Feature flags: read often, written rarely, and able to use an eventually consistent store that shows changes a minute later.
 */
import { flow, http, node } from '@flowport/flow'
import * as z from 'zod'

const name = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/)
const FlagName = z.object({ name })
const Flag = z.object({ name, on: z.boolean() })

const set = node('set-flag', {
  input: Flag,
  output: Flag,
  uses: { 'kv:flags': 'write' },
  idempotency: 'natural',
  async run(flag, { 'kv:flags': flags }) {
    await flags.put(flag.name, flag.on ? 'on' : 'off')
    return flag
  },
})

const read = node('read-flag', {
  summary: 'Reads a flag; one that was never set is off',
  input: FlagName,
  output: Flag,
  uses: { 'kv:flags': { access: 'read', consistency: 'eventual' } },
  run: async ({ name }, { 'kv:flags': flags }) => ({ name, on: (await flags.get(name)) === 'on' }),
})

const tags = ['flags']

export const putFlag = flow('put-flag', {
  summary: 'Turns a flag on or off',
  tags,
  trigger: http.put('/flags/:name', { input: Flag }),
  graph: (flag, step) => step(set, flag),
})

export const getFlag = flow('get-flag', {
  summary: 'Shows whether a flag is on',
  tags,
  trigger: http.get('/flags/:name', { input: FlagName }),
  graph: (flag, step) => step(read, flag),
})
