/** How an if or a switch routes: which arm leads to which node. */
import { parsePointer } from '../pointer.ts'
import type { ControlSurfaceIr } from '../ir/ir.ts'
import { isRecord } from './ir-reader.ts'

export interface Routing {
  readonly surface: ControlSurfaceIr
  readonly source: string
  readonly arms: readonly { readonly label: string; readonly target: string }[]
  /** Whether some arm is taken whatever the value is. */
  readonly total: boolean
}

/** The routing of an if or switch, or what is wrong with its config. `null` for other surfaces. */
export function routingOf(surface: ControlSurfaceIr): Routing | string | null {
  const { kind, config } = surface
  if (kind !== 'if' && kind !== 'switch') return null
  if (config['v'] !== 1) return 'v must be 1'
  const { source } = config
  if (typeof source !== 'string') return 'source must be an alias'
  if (!isPointer(config['selector_pointer'])) return 'selector_pointer must be a JSON Pointer'
  return kind === 'if' ? ifRouting(surface, source) : switchRouting(surface, source)
}

export function isPointer(value: unknown): value is string {
  if (typeof value !== 'string') return false
  try {
    parsePointer(value)
    return true
  } catch {
    return false
  }
}

function ifRouting(surface: ControlSurfaceIr, source: string): Routing | string {
  const { then, else: otherwise } = surface.config
  if (typeof then !== 'string') return 'then must be an alias'
  if (typeof otherwise !== 'string') return 'else must be an alias'
  const arms = [
    { label: 'then', target: then },
    { label: 'else', target: otherwise },
  ]
  return { surface, source, arms, total: true }
}

function switchRouting(surface: ControlSurfaceIr, source: string): Routing | string {
  const { cases, default: otherwise } = surface.config
  if (!isRecord(cases)) return 'cases must map texts to aliases'
  const arms: { label: string; target: string }[] = []
  for (const [label, target] of Object.entries(cases)) {
    if (typeof target !== 'string') return `case "${label}" must be an alias`
    arms.push({ label, target })
  }
  if (otherwise !== undefined && otherwise !== null) {
    if (typeof otherwise !== 'string') return 'default must be an alias'
    arms.push({ label: 'default', target: otherwise })
  }
  if (arms.length === 0) return 'cases must not be empty'
  return { surface, source, arms, total: typeof otherwise === 'string' }
}
