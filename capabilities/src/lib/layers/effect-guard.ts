/** Refuses operations with a stronger effect than was declared. */
import { CapabilityError } from '../error.ts'
import { type Effect, effectCovers } from '../hints.ts'
import type { Call, Layer } from '../layer.ts'
import type { OperationEffect } from '../operations.ts'

export interface EffectGuardOptions {
  /** The strongest effect to let through: `pure` refuses every operation, `read_only` those that write. */
  readonly allow: Effect
}

/** Refuses what goes beyond `allow`: `PermissionDenied` with code `EFFECT201`, before the driver is asked. */
export function effectGuard({ allow }: EffectGuardOptions): Layer {
  return guard('effectGuard', allow)
}

/** Lets reads through and refuses writes. */
export function readOnly(): Layer {
  return guard('readOnly', 'read_only')
}

const needed: Readonly<Record<OperationEffect, Effect>> = { read: 'read_only', write: 'effectful' }

function guard(name: string, allow: Effect): Layer {
  const allowed = { read: effectCovers(allow, needed.read), write: effectCovers(allow, needed.write) }
  return {
    name,
    around: (call, next) => (allowed[call.effect] ? next(call) : Promise.reject(refusal(call, allow))),
  }
}

function refusal({ capability, operation, key, effect }: Call, allow: Effect): CapabilityError {
  return new CapabilityError(
    'PermissionDenied',
    `the operation is ${needed[effect]} where only ${allow} is allowed; declare the effect or use another resource`,
    { capability, operation, key, code: 'EFFECT201', details: { allow, effect: needed[effect] } },
  )
}
