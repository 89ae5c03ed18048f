/** The conformance flows over memory, as a Worker: one side of the parity test. */
import { hostApp } from '@flowport/flow/testing/host'
import { createWorker } from '@flowport/host-workers'
import { memory } from '@flowport/presets/memory'

export default createWorker(hostApp('local', [memory()]), { profile: 'local' })
