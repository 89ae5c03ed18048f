/**
 * Writes a type-check project that imports every entry of the installed packages with the types of Node, a Worker or a page.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Entries that each place skips because they need another place's types. */
const elsewhere: Readonly<Record<string, RegExp>> = {
  // Durable Object classes need Cloudflare's types; page and service worker entries need the DOM's.
  node: /\/objects$|host-workers\/(?:browser|service-worker)$/,
  worker: /^@flowport\/host-node|host-workers\/(?:browser|service-worker)$/,
  page: /^@flowport\/host-node|\/objects$/,
}

/** Entries that need an optional package: vitest, esbuild with workerd, or opendal. */
const optional = /\/testing(?:\/host)?$|opendal\/driver$/

const options: Readonly<Record<string, object>> = {
  node: { module: 'nodenext', lib: ['es2024'], types: ['node'] },
  worker: { lib: ['es2024'], types: ['@cloudflare/workers-types'] },
  page: { lib: ['es2024', 'dom', 'dom.iterable', 'dom.asynciterable'], types: [] },
}

export const places = Object.keys(options)

/** Writes the project for `place` into `folder`. Resolves to the name of its configuration file there. */
export async function entriesProject(folder: string, place: string): Promise<string> {
  const lines: string[] = []
  for (const name of ['capabilities', 'flow', 'presets', 'host-node', 'host-workers']) {
    const manifest = await readFile(join(folder, 'node_modules/@flowport', name, 'package.json'), 'utf8')
    const { exports } = JSON.parse(manifest) as { readonly exports: object }
    for (const entry of Object.keys(exports)) {
      const path = `@flowport/${name}${entry.slice(1)}`
      if (!entry.endsWith('.json') && !optional.test(path) && elsewhere[place]?.test(path) === false)
        lines.push(`import '${path}'`)
    }
  }
  await writeFile(join(folder, `entries-${place}.ts`), lines.join('\n'))
  const compilerOptions = {
    target: 'es2024',
    strict: true,
    noEmit: true,
    module: 'esnext',
    ...options[place],
  }
  const resolution = place === 'node' ? {} : { moduleResolution: 'bundler' }
  const config = `entries-${place}.json`
  const project = { compilerOptions: { ...compilerOptions, ...resolution }, files: [`entries-${place}.ts`] }
  await writeFile(join(folder, config), JSON.stringify(project))
  return config
}
