/** The profile of the Ceph gateway that tests run. */
export { cephProfile } from '../lib/s3/profiles/ceph.ts'
