/** The Durable Object namespace that a preset was given under a name. */
import { CapabilityError } from '@flowport/capabilities'
import { inJurisdiction, isObjectNamespace, type Jurisdiction, type ObjectNamespace } from './addressing.ts'

/** @throws CapabilityError `Misconfigured` when the binding is missing, or is something else. */
export function boundNamespace<Stub>(
  bindings: Readonly<Record<string, unknown>>,
  name: string,
  { preset, jurisdiction }: { readonly preset: string; readonly jurisdiction: Jurisdiction | undefined },
): ObjectNamespace<Stub> {
  const bound = bindings[name]
  if (!isObjectNamespace(bound)) {
    throw new CapabilityError(
      'Misconfigured',
      `preset "${preset}": the binding ${name} is ${bound === undefined ? 'missing' : 'no Durable Object namespace'}; declare it under durable_objects.bindings in the wrangler file`,
      { details: { binding: name } },
    )
  }
  // Which class is behind it shows with the first call.
  const namespace = bound as ObjectNamespace<Stub>
  return jurisdiction === undefined ? namespace : inJurisdiction(namespace, jurisdiction)
}
