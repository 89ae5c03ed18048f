/** Every form that hosts are tried with, each with the one outcome it must have. */
import { boundaries, limits, surroundings } from './delimiters.ts'
import type { FormCase } from './form-case.ts'
import { names } from './names.ts'
import { contents, headers, types } from './parts.ts'
import { senders } from './senders.ts'

export const formTable: readonly FormCase[] = [
  ...names,
  ...types,
  ...headers,
  ...contents,
  ...boundaries,
  ...surroundings,
  ...limits,
  ...senders,
]
