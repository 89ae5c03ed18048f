/** The example's `POST /echo` through `createWorker`. */
import { defineApp } from '@flowport/flow'
import { echo } from '@flowport-examples/flows/flows/echo'
import { createWorker } from '@flowport/host-workers'

export default createWorker(defineApp({ flows: [echo], profiles: { workers: [] } }))
