/** The conformance flows over memory, with room for 150 bytes of unfinished bodies. */
import { hostApp } from '@flowport/flow/testing/host'
import { createWorker } from '@flowport/host-workers'
import { memory } from '@flowport/presets/memory'

export default createWorker(hostApp('workers', [memory()]), { bodies: { maxHeldBytes: 150 } })
