/** The part of a preset that differs by platform: each provider's `platform.<runtime>.ts` exports one. */
import type { PresetDefinition, Provides } from '@flowport/capabilities'
import type { TObject } from 'typebox'

/** How the preset opens on one platform. The optional fields replace those of `preset.ts` there. */
export type PlatformPart<Options, Env extends TObject, P extends Provides> = Pick<
  PresetDefinition<Options, Env, P>,
  'portable' | 'open'
> &
  Partial<
    Pick<PresetDefinition<Options, Env, P>, 'env' | 'provides' | 'bindings' | 'numbers' | 'check' | 'layers'>
  >
