/**
 * Prints one line of JSON for each compiler with the cost of type-checking 100 flows and their schemas alone. `bench types`
 * reads these lines.
 */
import { appOf, schemasAlone } from './hundred-flows.ts'
import { type Compiler, compilers, createWorkspace } from './workspace.ts'

await using workspace = await createWorkspace()
for (const compiler of Object.keys(compilers) as Compiler[]) {
  const alone = await workspace.check(compiler, schemasAlone(100))
  const app = await workspace.check(compiler, appOf(100))
  if (alone.output + app.output !== '') throw new Error(alone.output + app.output)
  const figures = [alone.instantiations, app.instantiations, alone.checkSeconds, app.checkSeconds]
  process.stdout.write(`${JSON.stringify({ compiler, figures })}\n`)
}
