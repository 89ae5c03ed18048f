import { describe, expect, it } from 'vitest'
import { appOf, schemasAlone } from './hundred-flows.ts'
import { type Compiler, compilers, createWorkspace } from './workspace.ts'

/**
 * Limit on the cost of type-checking an app of 100 flows, as a multiple of its schemas in plain functions. `bench types` prints
 * the figures.
 */
const ceiling = 2.3

describe('type-checking 100 flows', () => {
  it.each(Object.keys(compilers) as Compiler[])(
    `costs at most ${ceiling} times its schemas: TypeScript %s`,
    async (compiler) => {
      await using workspace = await createWorkspace()
      const alone = await workspace.check(compiler, schemasAlone(100))
      const app = await workspace.check(compiler, appOf(100))
      expect(alone.output + app.output).toBe('')
      expect(app.instantiations / alone.instantiations).toBeLessThan(ceiling)
    },
  )
})
