/** Where a command writes: results on stdout, everything else on stderr, colour only on a terminal. */
import { styleText } from 'node:util'

/** The part of `process` that a command needs; tests pass their own. */
export interface CommandHost {
  readonly stdout: NodeJS.WritableStream
  readonly stderr: NodeJS.WritableStream
  readonly stdin: NodeJS.ReadableStream
  readonly env: Readonly<Record<string, string | undefined>>
  cwd(): string
}

/** 0: fine; 1: findings; 2: the command was used wrongly; 3: the app or profile could not be loaded; 70: a bug. */
export const exitCodes = { ok: 0, findings: 1, usage: 2, cannotLoad: 3, internal: 70 } as const

/** A failure with its own exit code. The user sees only its message. */
export class CommandError extends Error {
  readonly exitCode: number

  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
  }
}

export class Console {
  readonly host: CommandHost

  constructor(host: CommandHost) {
    this.host = host
  }

  result(text: string): void {
    this.host.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
  }

  json(value: unknown): void {
    this.result(JSON.stringify(value, null, 2))
  }

  note(text: string): void {
    this.host.stderr.write(text.endsWith('\n') ? text : `${text}\n`)
  }

  paint(style: 'red' | 'yellow' | 'green' | 'bold' | 'dim', text: string): string {
    const { stdout, env } = this.host
    const colour = 'isTTY' in stdout && stdout.isTTY === true && env['NO_COLOR'] === undefined
    return colour ? styleText(style, text, { validateStream: false }) : text
  }
}
