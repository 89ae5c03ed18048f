/** The Worker the presets are tested in: it only brings the Durable Object classes. */
import { DurableObject } from 'cloudflare:workers'
export class LedgerObject extends DurableObject {}
export class LegacyLedgerObject extends DurableObject {}
export class KeyValueObject extends DurableObject {}
export class StateObject extends DurableObject {}
export class TestSequencer extends DurableObject {}

export default { fetch: () => new Response('flowport presets test') }
