/** Cloudflare R2 over its S3 endpoint. The preset `cloudflare-r2` is the same with a binding where there is one. */
import { maxUploadBytes, r2InfoWith } from '../../cloudflare-r2/info.ts'
import { checkR2Key } from '../../cloudflare-r2/key.ts'
import type { S3Profile } from '../profile.ts'

/** Features of the endpoint by its documentation. */
export const r2Profile: S3Profile = {
  info: r2InfoWith({ serverCopy: true, presign: true }),
  maxPutBytes: maxUploadBytes,
  // https://developers.cloudflare.com/r2/api/s3/conditional-operations/
  conditionalComplete: true,
  etags: 'quoted',
  lostRaceCodes: [],
  checkKey: checkR2Key,
}
