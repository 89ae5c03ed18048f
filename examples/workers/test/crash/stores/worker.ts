/** The crash app as a Worker, with one Durable Object per key. */
import { createWorker } from '@flowport/host-workers'
import { durableDedupe } from '@flowport/presets/durable-dedupe'
import { crashApp } from '../app.ts'
import { hooks, steps } from '../steps.ts'

export { LedgerObject } from '@flowport/presets/durable-dedupe/objects'

const layers = (own: readonly (typeof steps)[]) => [...own, steps]
export default createWorker(crashApp('workers', [durableDedupe({ only: ['dedupe'], layers })]), {
  profile: 'workers',
  hooks,
})
