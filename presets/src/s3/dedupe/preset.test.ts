import { describe, expect, expectTypeOf, it } from 'vitest'
import { type DedupeStore, silentLogger } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { s3Dedupe } from '../preset.ts'
import { startRadosgw, withoutRadosgw } from '../../../test/support/radosgw.ts'
import { clientFor, createBucket } from '../../../test/support/s3-bucket.ts'

const server = await startRadosgw()

describe.skipIf(server === null)(`preset s3-dedupe${server === null ? `: ${withoutRadosgw}` : ''}`, () => {
  const env = async (bucket: string) => {
    if (server === null) throw new Error(withoutRadosgw)
    await createBucket(clientFor(server, bucket))
    return {
      S3_BUCKET: bucket,
      S3_ENDPOINT: server.endpoint,
      S3_ACCESS_KEY_ID: server.accessKeyId,
      S3_SECRET_ACCESS_KEY: server.secretAccessKey,
    }
  }
  const open = async (variables: Record<string, string>, options: Parameters<typeof s3Dedupe>[0] = {}) => {
    const opened = await s3Dedupe(options).open({
      env: variables,
      bindings: {},
      log: silentLogger,
      clock: systemClock,
    })
    return { opened, dedupe: opened.resources.get('dedupe') as unknown as DedupeStore }
  }

  it('states what its driver states, as literal types', async () => {
    const provider = s3Dedupe()
    expectTypeOf(provider.provides.dedupe.reservation).toEqualTypeOf<'atomic'>()
    const { opened, dedupe } = await open({ ...(await env('stated')), S3_PROVIDER: 'ceph' })
    expect(dedupe.info).toEqual(provider.provides.dedupe)
    await opened.close()
  })

  it('lets one of a hundred callers through, whichever of four stores they ask', async () => {
    const variables = { ...(await env('race')), S3_PROVIDER: 'ceph' }
    const stores = await Promise.all([1, 2, 3, 4].map(() => open(variables)))
    const won = await Promise.all(
      Array.from({ length: 25 }, () => stores.map(({ dedupe }) => dedupe.putIfAbsent('key', 60_000))).flat(),
    )
    expect(won.filter(Boolean)).toHaveLength(1)
    for (const { opened } of stores) await opened.close()
  })

  it('keeps ledgers with other roots or prefixes apart', async () => {
    const variables = { ...(await env('apart')), S3_PROVIDER: 'ceph' }
    const stores = [
      await open(variables),
      await open({ ...variables, S3_ROOT: 'a' }),
      await open(variables, { prefix: 'other/' }),
    ]
    for (const { dedupe } of stores) expect(await dedupe.putIfAbsent('key', 60_000)).toBe(true)
    for (const { opened } of stores) await opened.close()
  })

  it('does not open where conditional writes are not kept as the profile says', async () => {
    // Without its provider this endpoint is sent etags in quotes, which it never matches.
    await expect(open(await env('unproven'))).rejects.toMatchObject({
      kind: 'Misconfigured',
      code: 'S3_CONDITIONAL_WRITES',
      message: expect.stringContaining('0 of 8 writers at once replaced one version'),
    })
  })

  it('names a missing bucket and an invalid prefix', async () => {
    const variables = { ...(await env('there')), S3_PROVIDER: 'ceph' }
    await expect(open({ ...variables, S3_BUCKET: 'not-there' })).rejects.toMatchObject({
      kind: 'Misconfigured',
    })
    for (const prefix of ['', '/', 'a', '../x/', 'a//b/']) {
      await expect(open(variables, { prefix })).rejects.toThrow(/prefix must be a folder/)
    }
  })
})
