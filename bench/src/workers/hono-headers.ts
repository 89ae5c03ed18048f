/** `POST /echo` in bare Hono: the same handler, schema and two headers. */
import { Hono } from 'hono'
import * as z from 'zod'

const Value = z.object({ value: z.string().max(10_000) })
const Echoed = z.object({ value: z.string(), length: z.number().int() })

export default new Hono().post('/echo', async (context) => {
  const { value } = Value.parse(await context.req.json())
  const normal = value.normalize('NFC').trim().replaceAll(/\s+/gu, ' ')
  const echoed = Echoed.parse({ value: normal, length: [...normal].length })
  return context.json(echoed, 200, {
    'x-request-id': context.req.header('x-request-id') ?? crypto.randomUUID(),
    'cache-control': 'no-store',
  })
})
