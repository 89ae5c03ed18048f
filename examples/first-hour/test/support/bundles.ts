/** Bundles of a user: the app for Node, and every preset for a runtime, with the bundlers installed in the user's folder. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Installed } from './installed.ts'
import type { Runtime } from './platforms.ts'

/** Runs a module in the user's folder; resolves what it printed. */
export function evaluated({ folder, run }: Installed, script: string): Promise<string> {
  return writeFile(join(folder, 'script.mjs'), script).then(() => run('../script.mjs'))
}

/** Bundles `presets.mjs` for a runtime; resolves the path of the bundle. */
export async function bundlePresets(
  installed: Installed,
  bundler: 'esbuild' | 'vite',
  runtime: Runtime,
): Promise<string> {
  const outfile = join(installed.folder, `presets-${bundler}-${runtime}.mjs`)
  // As wrangler resolves a Worker: packages that have no code for workerd give it that for browsers.
  const conditions = runtime === 'workerd' ? "['workerd', 'worker', 'browser']" : `['${runtime}']`
  const external = "['opendal', 'undici', 'aws4', /^node:/]"
  const scripts = {
    esbuild: `import { build } from 'esbuild'
      await build({ entryPoints: ['presets.mjs'], bundle: true, format: 'esm', conditions: ${conditions}, logLevel: 'silent',
        platform: '${runtime === 'node' ? 'node' : 'browser'}', external: ['opendal', 'undici', 'aws4', 'node:*'], outfile: ${JSON.stringify(outfile)} })`,
    vite: `import { build } from 'vite'
      await build({ configFile: false, logLevel: 'silent', resolve: { conditions: ${conditions} }, ssr: { noExternal: true, target: '${runtime === 'node' ? 'node' : 'webworker'}', resolve: { conditions: ${conditions} } },
        build: { ssr: 'presets.mjs', emptyOutDir: false, outDir: '.', target: 'es2024', rollupOptions: { external: ${external},
        output: { entryFileNames: 'presets-vite-${runtime}.mjs', codeSplitting: false } } } })`,
  }
  await evaluated(installed, scripts[bundler])
  return outfile
}

export interface NodeBundle {
  readonly outfile: string
  readonly warnings: readonly unknown[]
  readonly inputs: readonly string[]
}

/** Bundles the app for Node as a user would, with the installed esbuild, to `bundled.mjs` in the user's folder. */
export async function bundleForNode(installed: Installed): Promise<NodeBundle> {
  const outfile = join(installed.folder, 'bundled.mjs')
  const script = `import { build } from 'esbuild'
    const { metafile, warnings } = await build({ entryPoints: ['src/app.ts'], bundle: true, minify: true, platform: 'node',
      format: 'esm', banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url)" }, outfile: ${JSON.stringify(outfile)}, metafile: true, logLevel: 'silent' })
    console.log(JSON.stringify({ warnings, inputs: Object.keys(metafile.inputs) }))`
  return { outfile, ...(JSON.parse(await evaluated(installed, script)) as Omit<NodeBundle, 'outfile'>) }
}
