/** The feed over a bucket, as a Worker. */
import { createWorker } from '@flowport/host-workers'
import { s3, s3Dedupe } from '@flowport/presets/s3'
import { hooks, steps } from '../steps.ts'
import { feedApp } from './app.ts'

const dedupe = s3Dedupe({ layers: (own) => [...own, steps] })
export default createWorker(feedApp('s3', [s3(), dedupe]), { profile: 's3', hooks })
