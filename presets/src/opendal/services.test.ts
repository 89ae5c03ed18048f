import { describe, expect, it } from 'vitest'
import { operatorFactory } from './factory.node.ts'
import { loadOpenDal, type OpenDal } from './load.ts'
import { opendalServices } from './services.ts'

describe('opendalServices', () => {
  it('asks the binary: what it lists can be made, what it does not list cannot', async () => {
    const services = await opendalServices()
    for (const scheme of ['s3', 'fs', 'memory', 'gcs', 'azblob', 'http', 'redis'])
      expect(services).toContain(scheme)
    for (const scheme of ['cloudflare-kv', 'd1', 'sftp', 'hdfs', 'nope'])
      expect(services).not.toContain(scheme)
    expect(services).toEqual(services.toSorted())
    const { Operator } = await loadOpenDal()
    for (const scheme of services) {
      const refusal = () => new Operator(scheme, { bogus: '1' })
      try {
        refusal()
      } catch (error) {
        expect(String(error), scheme).not.toMatch(/not enabled or supported/)
      }
    }
  })

  it('reads the list from versions that report it', async () => {
    function listing(scheme: string) {
      const available = `context: { scheme: ${scheme}, available: azblob, fs, s3 }`
      throw new Error(
        `Unsupported (permanent) at Operator::via_iter, ${available} => scheme is not registered`,
      )
    }
    const load = () => Promise.resolve({ Operator: listing } as unknown as OpenDal)
    expect(await opendalServices({ load })).toEqual(['azblob', 'fs', 's3'])
  })

  it('an unsupported scheme says so and lists the rest', async () => {
    await expect(operatorFactory({ scheme: 'cloudflare_kv' }).build()).rejects.toMatchObject({
      kind: 'Unsupported',
      code: 'OPENDAL_NO_SERVICE',
      message: expect.stringMatching(/no service "cloudflare-kv"; it has: .*\bazblob, .*\bmemory, .*\bs3, /),
    })
  })
})
