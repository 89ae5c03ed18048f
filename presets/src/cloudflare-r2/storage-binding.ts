/** `r2://` through bindings. `R2BindingDriver` is the next stop. */
import { CapabilityError, createBlobStore } from '@flowport/capabilities'
import type { OpenedStore, SchemeContext } from '@flowport/capabilities/storage'
import { R2BindingDriver } from './binding-driver.ts'
import { isR2Bucket } from './binding.ts'
import { checkedPartBytes } from './declaration.ts'
import type { R2SchemeOptions } from './storage.ts'

/** `null` where the bucket has no binding. */
export function throughBinding(
  name: string,
  { bindings = {}, partBytes }: R2SchemeOptions,
  { log }: Pick<SchemeContext, 'log'>,
): OpenedStore | null {
  const bucket: unknown = Object.hasOwn(bindings, name) ? bindings[name] : undefined
  if (bucket === undefined) return null
  if (isR2Bucket(bucket))
    return {
      blob: createBlobStore(new R2BindingDriver({ bucket, log, partBytes: checkedPartBytes(partBytes) })),
    }
  throw new CapabilityError(
    'Misconfigured',
    'what r2:// was given for this bucket is no R2 bucket; declare it under r2_buckets in the wrangler file',
  )
}

export function missingBinding({ bindings = {} }: R2SchemeOptions): CapabilityError {
  const names = Object.keys(bindings)
  return new CapabilityError(
    'Misconfigured',
    `r2:// has no binding for this bucket; give the scheme bindings: { name: env.BINDING }${names.length === 0 ? '' : ` (there are ${names.join(', ')})`}`,
    { code: 'MISSING_BINDING', details: { bindings: names } },
  )
}
