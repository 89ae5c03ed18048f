/** Loads a flow's definition, such as its simulation, from a file. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { CommandError, exitCodes } from './console.ts'
import { importModule } from './import-module.ts'

export interface Defined {
  /** Name of the flow. */
  readonly flow: string
  run(...args: never): unknown
}

export interface DefinedPlace {
  readonly flow: string
  /** Kind of definition, such as `simulation`. The usual folder has this name with an `s`. */
  readonly what: string
  /** Code that defines one, for error messages, such as `defineSimulation(flow, { input, count })`. */
  readonly definition: string
  /** Path of the file, or `undefined` to search the usual places. */
  readonly file: string | undefined
  readonly cwd: string
}

/** Returns the definition. @throws CommandError when the file does not exist or defines nothing for the flow. */
export async function loadDefined<T extends Defined>({
  flow,
  what,
  definition,
  file: given,
  cwd,
}: DefinedPlace): Promise<T> {
  const usual = [`${what}s/${flow}.ts`, `${what}s/${flow}.js`]
  const file = (given === undefined ? usual : [given]).map((each) => resolve(cwd, each)).find(existsSync)
  if (file === undefined) {
    const looked =
      given === undefined
        ? `no ${what} of "${flow}" here (looked for ${usual.join(', ')})`
        : `${given} does not exist`
    throw new CommandError(
      exitCodes.cannotLoad,
      `${looked}: write a module with "export default ${definition}" and give it with --with FILE`,
    )
  }
  const module = await importModule(file)
  const defined = Object.values(module)
    .filter(isDefined)
    .find((each) => each.flow === flow)
  if (defined !== undefined) return defined as T
  throw new CommandError(
    exitCodes.cannotLoad,
    `${file} exports no ${what} of "${flow}": export default ${definition}`,
  )
}

function isDefined(value: unknown): value is Defined {
  return (
    typeof value === 'object' &&
    value !== null &&
    'flow' in value &&
    typeof value.flow === 'string' &&
    'run' in value &&
    typeof value.run === 'function'
  )
}
