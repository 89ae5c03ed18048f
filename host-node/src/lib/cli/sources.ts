/** Reads a command's JSON from an argument, a file or standard input. */
import { readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { CommandError, type CommandHost, exitCodes } from './console.ts'

/**
 * Parses the value of an option: JSON, `@file`, or `-` for standard input. Text that cannot be read or parsed is a usage error.
 */
export async function jsonFrom(source: string, option: string, host: CommandHost): Promise<unknown> {
  try {
    return JSON.parse(await textFrom(source, host)) as unknown
  } catch (cause) {
    if (cause instanceof CommandError) throw cause
    throw new CommandError(exitCodes.usage, `${option} is not JSON`, { cause })
  }
}

async function textFrom(source: string, host: CommandHost): Promise<string> {
  if (source === '-') return text(host.stdin as Readable)
  if (!source.startsWith('@')) return source
  try {
    return await readFile(source.slice(1), 'utf8')
  } catch (cause) {
    throw new CommandError(exitCodes.usage, `${source.slice(1)} cannot be read`, { cause })
  }
}
