/** A logger that keeps its lines: level and text. */
import type { Logger } from '@flowport/capabilities'

export function memoryLog(): {
  readonly log: Logger
  readonly lines: (readonly [level: string, text: string])[]
} {
  const lines: (readonly [string, string])[] = []
  const at = (level: string) => (_fields: object, text?: string) => void lines.push([level, text ?? ''])
  return { log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }, lines }
}
