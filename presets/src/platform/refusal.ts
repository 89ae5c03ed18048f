/** The platform part of a preset on a runtime that cannot run it: the preset can be imported, and `open` fails with advice. */
import { CapabilityError } from '@flowport/capabilities'

/**
 * Returns an `open` that throws `Misconfigured` with the code `PRESET_UNSUPPORTED`.
 * `needs` names what the runtime lacks, `instead` the presets to use there.
 */
export function refusal(preset: string, needs: string, instead: string): { readonly open: () => never } {
  return {
    open() {
      const runtime = runtimeName()
      throw new CapabilityError(
        'Misconfigured',
        `preset "${preset}" needs ${needs}, which ${runtime} does not have; use ${instead} in this profile`,
        { code: 'PRESET_UNSUPPORTED', details: { preset, runtime } },
      )
    },
  }
}

function runtimeName(): string {
  const agent = globalThis.navigator?.userAgent ?? ''
  if (agent === 'Cloudflare-Workers') return 'Cloudflare Workers'
  if (agent.startsWith('Mozilla/')) return 'a browser'
  return agent === '' ? 'this runtime' : agent
}
