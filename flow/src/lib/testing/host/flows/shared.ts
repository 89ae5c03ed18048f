/** What the flows of several themes share: an unchecked message, a checked one, a GET flow of one node. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { flow } from '../../../flow.ts'
import { node } from '../../../node.ts'
import { opaque } from '../../../schema.ts'
import { http } from '../../../trigger.ts'

export const anything = opaque<Record<string, unknown>>()

/** `{ name, size }`, with the names of what is wrong. Query text is read as a number. */
export const Item: StandardSchemaV1<unknown, { readonly name: string; readonly size: number }> = {
  '~standard': {
    version: 1,
    vendor: 'flowport-host-conformance',
    validate(value) {
      const { name, size } = (typeof value === 'object' && value !== null ? value : {}) as Record<
        string,
        unknown
      >
      const issues = []
      if (typeof name !== 'string') issues.push({ message: 'must be text', path: ['name'] })
      if (!Number.isInteger(Number(size ?? Number.NaN)) || typeof size === 'boolean')
        issues.push({ message: 'must be a whole number', path: ['size'] })
      return issues.length > 0 ? { issues } : { value: { name: String(name), size: Number(size) } }
    },
  },
}

/** A GET flow of one node. */
export const get = (
  name: string,
  run: (input: Record<string, unknown>) => unknown,
  options: { readonly status?: number; readonly path?: string } = {},
) => {
  const { path = `/${name}`, ...rest } = options
  return flow(name, {
    trigger: http.get(path, { input: anything, ...rest }),
    graph: (it, step) => step(node(name, { input: anything, run }), it),
  })
}
