/** Vitest over the unit tests beside a planted bug's file, with the bug in the sources. `FLOWPORT_PLANTED` is its number. */
import { dirname, join, resolve } from 'node:path'
import { defineConfig } from 'vitest/config'
import { plantedBugs } from './planted.ts'

const root = resolve(import.meta.dirname, '../../..')
const bug = plantedBugs[Number(process.env['FLOWPORT_PLANTED'])]
if (bug === undefined) throw new Error('FLOWPORT_PLANTED is not the number of a planted bug')
const file = join(root, bug.file)

/** The ledger's steps are tested by the conformance suite, over memory. */
const besideSteps = new Map([['capabilities/src/lib/dedupe', ['capabilities/src/lib/memory/dedupe.test.ts']]])

export default defineConfig({
  root,
  plugins: [
    {
      name: 'planted-bug',
      enforce: 'pre',
      transform: (code, id) => (id === file ? code.replace(bug.find, () => bug.replace) : undefined),
    },
  ],
  test: {
    environment: 'node',
    include: [...(besideSteps.get(dirname(bug.file)) ?? []), `${dirname(bug.file)}/*.test.ts`],
    testTimeout: 5_000,
    // A cached module of another run has another bug, or none.
    fsModuleCache: false,
    bail: 1,
  },
})
