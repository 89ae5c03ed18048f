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
  /** Why it is memory. */
  readonly fallback: {
    readonly refusal: OpfsRefusal
    readonly reason: string
    readonly cause?: unknown
  } | null
  /** The info as it holds of this place. */
  state<I extends Parameters<typeof infoOf>[0]>(info: I): I
  close(): void
}

/** Opens the place. Fails with `Misconfigured` only where `fallback` is `'none'`. The caller warns of a fallback. */
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
    const extensions = extensionsOf('memory', { fallback: refusal, reason })
    return placeOf(null, { refusal, reason, cause }, 'ephemeral', extensions)
  }
  const { home } = opened
  const isPersisted = await persisted(options)
  const isDoubtful = options.persist === 'required' && !isPersisted
  const extensions = extensionsOf(home.writers.mode, { isPersisted })
  return placeOf(home, null, isDoubtful ? 'unknown' : 'durable', extensions)
}

function placeOf(
  home: Home | null,
  fallback: OpenedPlace['fallback'],
  durability: 'durable' | 'ephemeral' | 'unknown',
  extensions: Extensions,
): OpenedPlace {
  return {
    home,
    fallback,
    state(info) {
      const stated = infoOf(info, durability, extensions)
      registerExtras(stated, home, fallback?.refusal ?? null)
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
