/** The profile of the Ceph gateway that tests run. */
export { cephProfile } from '../../src/s3/profiles/ceph.ts'
