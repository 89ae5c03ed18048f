import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'node',
          environment: 'node',
          pool: 'forks',
          include: [
            '.ci/*.test.ts',
            '{capabilities,flow,presets,host-node,examples/*}/{src,test}/**/*.test.ts',
          ],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          // Machines that run this are shared: polling waits longer than it ever should have to.
          expect: { poll: { timeout: 15_000 } },
        },
      },
    ],
  },
})
