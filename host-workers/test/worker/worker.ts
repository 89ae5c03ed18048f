/** The Worker of the host tests: the conformance flows over memory. */
import { hostApp } from '@flowport/flow/testing/host'
import { createWorker } from '@flowport/host-workers'
import { memory } from '@flowport/presets/memory'

export default createWorker(hostApp('workers', [memory()]))
