import { createBlobStore, silentLogger } from '@flowport/capabilities'
import { assertTruthful, falseClaims, probeBlob, type ProbeReport } from '@flowport/capabilities/probe'
import { systemClock } from '@flowport/capabilities/system'
import { describe, expect, it } from 'vitest'
import { S3BlobDriver } from '../../src/s3/blob-driver.ts'
import { cephProfile } from '../support/ceph-profile.ts'
import { startFakeLyingS3 } from '../support/fake-lying-s3.ts'
import { startRadosgw, withoutRadosgw } from '../support/radosgw.ts'
import { clientFor, createBucket } from '../support/s3-bucket.ts'
import { engines } from './engines.ts'

const bucket = 'probed'
const server = await startRadosgw()

if (server === null) describe.skip('probeBlob on radosgw', () => it(withoutRadosgw, () => undefined))
else {
  const client = clientFor(server, bucket)
  await createBucket(client)
  await client.sendForHeaders({ method: 'PUT', key: 'somebody-elses', body: new Uint8Array(3) })

  describe.each(engines)('probeBlob on radosgw, engine $name', (engine) => {
    it('finds nothing wrong, and leaves nothing behind', { timeout: 120_000 }, async () => {
      const closing: (() => Promise<void>)[] = []
      const open = async (secretAccessKey: string) => {
        const credentials = { accessKeyId: server.accessKeyId, secretAccessKey }
        const where = { endpoint: server.endpoint, bucket, clock: systemClock, log: silentLogger }
        const { driver, close } = await engine.open({ ...where, ...credentials, silenceMs: 30_000 })
        closing.push(close)
        return createBlobStore(driver)
      }
      const blob = await open(server.secretAccessKey)
      const wrongSecret = await open('another-secret')
      const report = await probeBlob(blob, { wrongSecret })
      expect(falseClaims(report)).toEqual([])
      expect(report.findings.filter(({ severity }) => severity === 'unmeasured')).toEqual([])
      expect(() => assertTruthful(report)).not.toThrow()
      for (const [feature, claimed] of Object.entries(blob.info.features)) {
        if (!claimed || feature === 'serverCopy' || feature === 'list' || feature === 'write') continue
        expect(severityOf(report, `features.${feature}`), feature).toBe('confirmed')
      }
      const secret = report.findings.find(({ check }) => check === 'wrong secret')
      expect(secret?.severity).toBe('confirmed')
      const { objects } = await blob.list()
      expect(objects.map(({ key }) => key)).toEqual(['somebody-elses'])
      for (const close of closing) await close()
    })
  })

  it('finds out a profile that claims what this server does not do', { timeout: 60_000 }, async () => {
    const info = { ...cephProfile.info, limits: { ...cephProfile.info.limits, maxMetadataBytes: 60_000 } }
    const driver = new S3BlobDriver({ client, profile: { ...cephProfile, info }, log: silentLogger })
    const report = await probeBlob(createBlobStore(driver), { only: ['limits'] })
    expect(falseClaims(report).map(({ about }) => about)).toEqual(['limits.maxMetadataBytes'])
  })
}

describe('probeBlob on a fake server that ignores conditions, signatures and page sizes', () => {
  it('finds out each of its lies', async () => {
    const { endpoint } = await startFakeLyingS3()
    const keys = { endpoint, accessKeyId: 'key', secretAccessKey: 'secret' }
    const store = (secretAccessKey: string) =>
      createBlobStore(
        new S3BlobDriver({
          client: clientFor({ ...keys, secretAccessKey }, bucket),
          profile: cephProfile,
          log: silentLogger,
        }),
      )
    const report = await probeBlob(store('secret'), { wrongSecret: store('another'), maxWaitMs: 5_000 })
    expect(new Set(falseClaims(report).map(({ check }) => check))).toEqual(
      new Set([
        'create-only puts',
        'compare-and-swap puts',
        'ranges',
        'listing',
        'presigned URLs',
        'wrong secret',
      ]),
    )
    expect(report.ok).toBe(false)
    expect(() => assertTruthful(report)).toThrow(/does not do what it claims: .*create-only/)
  })
})

function severityOf({ findings }: ProbeReport, about: string) {
  return findings.find((finding) => finding.about === about)?.severity
}
