/** OPFS as a store's place, or memory where it cannot be used, with what either states. */
import { CapabilityError, type Extensions, type Logger } from '@flowport/capabilities'
import { answer, askToPersist, extensionsOf, registerExtras } from './extras.ts'
import type { Home } from './home.ts'
import { infoOf } from './info.ts'
import { openOpfs, type OpfsRefusal } from './open.ts'
import type { OpfsOptions } from './options.ts'

export interface OpenedPlace {
  /** `null`: what is stored is kept in memory. */
  readonly home: Home | null
  /** The info as it holds of this place. */
  state<I extends Parameters<typeof infoOf>[0]>(info: I): I
  close(): void
}

/** Opens the place. Fails with `Misconfigured` only where `fallback` is `'none'`. */
export async function openPlace(options: OpfsOptions, log: Logger): Promise<OpenedPlace> {
  const opened = await openOpfs(options, log)
  if (opened.home === undefined) {
    const { refusal, reason, cause } = opened
    if (options.fallback === 'none') {
      throw new CapabilityError('Misconfigured', `OPFS cannot be used here: ${reason}`, {
        code: 'PRESET_UNSUPPORTED',
        details: { fallback: refusal },
        cause,
      })
    }
    log.warn(
      { preset: 'opfs-browser', fallback: refusal, reason, ...(cause === undefined ? {} : { error: cause }) },
      `OPFS cannot be used, so what is stored is kept in memory and gone with the page: ${reason}`,
    )
    return placeOf(null, refusal, 'ephemeral', extensionsOf('memory', { fallback: refusal, reason }))
  }
  const { home } = opened
  const isPersisted = await persisted(options)
  const isDoubtful = options.persist === 'required' && !isPersisted
  const extensions = extensionsOf(home.writers.mode, { isPersisted })
  return placeOf(home, null, isDoubtful ? 'unknown' : 'durable', extensions)
}

function placeOf(
  home: Home | null,
  fallback: OpfsRefusal | null,
  durability: 'durable' | 'ephemeral' | 'unknown',
  extensions: Extensions,
): OpenedPlace {
  return {
    home,
    state(info) {
      const stated = infoOf(info, durability, extensions)
      registerExtras(stated, home, fallback)
      return stated
    },
    close: () => home?.writers.close(),
  }
}

async function persisted({ persist = false }: OpfsOptions): Promise<boolean> {
  if ((await answer((storage) => storage.persisted())) === true) return true
  if (persist === 'required') return askToPersist()
  // The browser may ask the user, who may take a while.
  if (persist) void askToPersist()
  return false
}
