/** What the parts of the portable type share: the driver, the layers, and where a call happens. */
import type { CallScope, Pipeline } from '../layer.ts'
import type { StateDriver } from './driver.ts'

export interface Core {
  readonly driver: StateDriver
  readonly pipeline: Pipeline
}

/** One object as one caller sees it. */
export interface Seat extends Core {
  readonly name: string
  readonly scope: CallScope | undefined
}

export interface Place {
  readonly capability: string
  readonly operation: string
  readonly key: string
}

/** Where a call happens, for its errors. The object's name stands first, then the key of the entry. */
export function at(
  { pipeline, name }: Pick<Seat, 'pipeline' | 'name'>,
  operation: string,
  key?: string,
): Place {
  return { capability: pipeline.capability, operation, key: keyOf(name, key) }
}

export function keyOf(name: string, key?: string): string {
  return key === undefined ? name : `${name}/${key}`
}
