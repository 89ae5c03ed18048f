/** The preset's driver over the twin: with time in the test's hands, cases that the simulator's clock leaves out run. */
import { createKeyValue, silentLogger } from '@flowport/capabilities'
import { kvConformance, type OpenContext } from '@flowport/capabilities/testing'
import { KvBindingDriver } from '../../cloudflare-kv/binding-driver.ts'
import { cloudflareKvLayers } from '../../cloudflare-kv/declaration.ts'
import { cloudflareKvTwin, type CloudflareKvTwinOptions } from './cloudflare-kv.ts'

/** Opens the namespace at one location, again for `reopen`. */
function opened({ clock }: OpenContext, options: CloudflareKvTwinOptions, isLayered: boolean) {
  const twin = cloudflareKvTwin({ clock, staleMs: 0, ...options })
  const layers = isLayered ? cloudflareKvLayers({ log: silentLogger, clock }) : []
  const open = () =>
    createKeyValue(new KvBindingDriver(twin.location('here'), { clock, readExpiry: true }), { clock, layers })
  return { kv: open(), reopen: open }
}

for (const isLayered of [false, true]) {
  kvConformance(`cloudflare-kv over its twin, any number of writes${isLayered ? ', layered' : ''}`, {
    clock: 'manual',
    features: { list: true, metadata: true, conditional: false, bulk: false },
    open: (context) => opened(context, { limitsWrites: false }, isLayered),
  })
}

/** Cases that write or delete a key twice at once. Everything else holds under the platform's limit too. */
const quickWriters = [
  'a key of exactly maxKeyBytes is kept, one byte more is LimitExceeded',
  'a key that is the beginning of another is kept apart',
  'a put with a time to live sets it anew, longer or shorter',
  'a put without a time to live removes the one before',
  'an expired entry is not listed, not found by getMany, and can be deleted and written again',
  'awkward keys are kept apart',
  'composed and decomposed characters are different keys',
  'delete removes the entry, and deleting what is absent is no error',
  'deleteMany removes those that are there and leaves the rest',
  'deleted keys are not listed, rewritten ones are listed once',
  'durability durable: entries are there after closing and opening the store',
  'ifAbsent: false is a plain put',
  'keys deleted between pages cost no other key its place',
  'keys that differ in case only are kept apart',
  'keys that look like paths are kept apart',
  'keys with control characters are kept apart',
  'maxKeyBytes counts UTF-8 bytes, not characters',
  'metadata is null where none was given, and the next put removes it',
  'more keys than maxBulkKeys are read and deleted in one call',
  'put replaces the value, whatever its form was',
] as const

kvConformance('cloudflare-kv over its twin, one write per second', {
  clock: 'manual',
  open: (context) => opened(context, {}, false),
  skip: Object.fromEntries(
    quickWriters.map((name) => [name, 'writes a key twice within a second, which the platform refuses']),
  ),
})
