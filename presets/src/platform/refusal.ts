/** What a preset is on a runtime that cannot have it: it resolves, states the same, and `open` says where to turn. */
import { CapabilityError } from '@flowport/capabilities'

/** An `open` that fails with `Misconfigured`. `needs` is what the runtime lacks, `instead` what to use. */
export function unsupported(preset: string, needs: string, instead: string): () => never {
  return () => {
    throw new CapabilityError(
      'Misconfigured',
      `preset "${preset}" needs ${needs}, which ${runtimeName()} does not have; use ${instead} in this profile`,
      { code: 'PRESET_UNSUPPORTED', details: { preset, runtime: runtimeName() } },
    )
  }
}

/** The runtime's name, as far as it tells. */
function runtimeName(): string {
  const agent = globalThis.navigator?.userAgent ?? ''
  if (agent === 'Cloudflare-Workers') return 'Cloudflare Workers'
  if (agent.startsWith('Mozilla/')) return 'a browser'
  return agent === '' ? 'this runtime' : agent
}
