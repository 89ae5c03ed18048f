/** Which presets of the packed package run on which runtime: a script that asks each of them, and what it must answer. */

/** `runs`: opening starts the driver, which may still miss a binding. `refused`: opening fails with `PRESET_UNSUPPORTED`. */
type Answer = 'runs' | 'refused'

const presets = {
  sqlite: 'sqlite',
  fs: 'fs',
  'secret-files': 'secretFiles',
  'cloudflare-kv': 'cloudflareKv',
  'cloudflare-r2': 'cloudflareR2',
  'cloudflare-queues': 'cloudflareQueues',
  'durable-dedupe': 'durableDedupe',
  'durable-partitions': 'durablePartitions',
  'durable-state': 'durableState',
  'opfs-browser': 'opfsBrowser',
  opendal: 'opendal',
  s3: 's3',
  gcs: 'gcs',
  azblob: 'azblob',
  http: 'http',
  memory: 'memory',
} as const

type Preset = keyof typeof presets

const everywhere: readonly Preset[] = ['s3', 'gcs', 'azblob', 'http', 'memory']

const running = {
  node: [...everywhere, 'sqlite', 'fs', 'secret-files', 'opendal', 'cloudflare-kv', 'cloudflare-r2'],
  workerd: [
    ...everywhere,
    'cloudflare-kv',
    'cloudflare-r2',
    'cloudflare-queues',
    'durable-dedupe',
    'durable-partitions',
    'durable-state',
  ],
  browser: [...everywhere, 'opfs-browser'],
} as const satisfies Record<string, readonly Preset[]>

export type Runtime = keyof typeof running

export const runtimes = Object.keys(running) as readonly Runtime[]

/** What the script prints on a runtime, as JSON. */
export function expectedOn(runtime: Runtime): Readonly<Record<string, Answer>> {
  const here: readonly Preset[] = running[runtime]
  return Object.fromEntries(
    Object.keys(presets).map((name) => [name, here.includes(name as Preset) ? 'runs' : 'refused']),
  )
}

/** Imports every preset, opens each without configuration, and prints the answers as one line of JSON. */
export const askEveryPreset = `
import { silentLogger } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
${Object.entries(presets)
  .map(([path, name]) => `import { ${name} } from '@flowport/presets/${path}'`)
  .join('\n')}
const presets = { ${Object.entries(presets)
  .map(([path, name]) => `'${path}': ${name}`)
  .join(', ')} }
const context = { env: { FLOWPORT_DATA_DIR: 'data', FLOWPORT_SECRETS_DIR: 'data' }, log: silentLogger, clock: systemClock, bindings: {} }
const answers = {}
for (const [name, preset] of Object.entries(presets)) {
  answers[name] = await preset().open(context).then(
    (opened) => opened.close().then(() => 'runs'),
    (error) => (error.code === 'PRESET_UNSUPPORTED' ? 'refused' : error.kind === undefined ? String(error) : 'runs'),
  )
}
console.log(JSON.stringify(answers))
`
