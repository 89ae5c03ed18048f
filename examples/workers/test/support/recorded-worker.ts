/** The recorded flows over a bucket, as a Worker. */
import { createWorker } from '@flowport/host-workers'
import { s3, s3Dedupe } from '@flowport/presets/s3'
import { hooks, recordedApp } from './recorded-app.ts'

export default createWorker(recordedApp('s3', [s3(), s3Dedupe()]), { profile: 's3', hooks })
