import { silentLogger } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { describe, expect, it } from 'vitest'
import { cutShort, errorXml, fakeServer } from '../../test/support/fake-server.ts'
import { AzureBlobDriver } from './blob-driver.ts'
import { type AzureAuthorization, AzureClient } from './client.ts'

const temporary = { kind: 'Unavailable', retryable: 'temporary' }

describe('AzureClient', () => {
  const connect = async (
    answer: Parameters<typeof fakeServer>[0],
    authorization: AzureAuthorization = 'anonymous',
  ) => {
    const { endpoint } = await fakeServer(answer)
    const client = new AzureClient({
      endpoint,
      account: 'account',
      container: 'container',
      authorization,
      clock: systemClock,
    })
    return { client, driver: new AzureBlobDriver({ client, clock: systemClock, log: silentLogger }) }
  }

  it('a refusal that is cut off may be asked again, unless a header has its code', async () => {
    const bare = await connect((_, response) => cutShort(response, 404, errorXml('ContainerNotFound')))
    await expect(bare.driver.get('key', {})).rejects.toMatchObject(temporary)
    await expect(bare.driver.list({ prefix: '', limit: 1 })).rejects.toMatchObject(temporary)
    const named = await connect((_, response) =>
      cutShort(response, 404, errorXml('ContainerNotFound'), { 'x-ms-error-code': 'ContainerNotFound' }),
    )
    await expect(named.driver.get('key', {})).rejects.toMatchObject({ kind: 'Misconfigured' })
  })

  it('a body that is cut off is Unavailable, wherever it is read', async () => {
    const { client } = await connect((_, response) => cutShort(response, 200, 'x'.repeat(1000)))
    const answer = () => client.send({ method: 'GET', key: 'key' })
    await expect(answer().then((each) => each.text())).rejects.toMatchObject(temporary)
    await expect(answer().then((each) => each.bytes())).rejects.toMatchObject(temporary)
  })

  it('a refused token is asked for once, and serves every call in flight', async () => {
    let asked = 0
    const accessToken = async () => `token-${(asked += 1)}`
    const { client } = await connect(
      (request, response) =>
        response.writeHead(request.headers.authorization === 'Bearer token-1' ? 401 : 200).end(),
      { accessToken },
    )
    const calls = Array.from({ length: 24 }, (_, i) => client.sendForHeaders({ method: 'GET', key: `${i}` }))
    await Promise.all(calls)
    expect(asked).toBe(2)
  })
})
