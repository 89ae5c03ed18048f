/** What errors say of writes to Azurite when a proxy breaks the way to it, or back. */
import { type CapabilityError, createBlobStore, retry, silentLogger } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { type BlobHarness, blobCases, openBlobSubject, runCase } from '@flowport/capabilities/testing'
import { describe, expect, it } from 'vitest'
import { AzureBlobDriver } from '../../src/azblob/blob-driver.ts'
import { AzureClient } from '../../src/azblob/client.ts'
import { undiciTransport } from '../../src/object-http/node/undici-transport.ts'
import { createContainer, startAzurite, withoutAzurite } from '../support/azurite.ts'
import { type Fault, type SeenRequest, startFaultProxy } from '../support/fault-proxy.ts'
import { freshBytes, QuickClock } from './harness.ts'

const azurite = await startAzurite()
const lostAnswer: Fault = { kind: 'lose-answer' }
const answered = (status: number, code: string): Fault => ({
  kind: 'answer',
  status,
  headers: { 'x-ms-error-code': code },
})

const isPut = ({ method }: SeenRequest) => method === 'PUT'
const isBlock = ({ method, path }: SeenRequest) => method === 'PUT' && /comp=block(?:&|$)/.test(path)
const isCommit = ({ method, path }: SeenRequest) => method === 'PUT' && path.includes('comp=blocklist')
const isLook = ({ method, path }: SeenRequest) => method === 'GET' && path.includes('comp=blocklist')

if (azurite === null)
  describe.skip('what errors say of writes to Azure', () => it(withoutAzurite, () => undefined))
else {
  const { origin, pathname } = new URL(azurite.endpoint)
  const proxy = await startFaultProxy(origin)

  describe.each([
    ['fetch', undefined],
    ['undici', undiciTransport],
  ] as const)('what errors say of writes to Azure, over %s', (_, transport) => {
    const open = async () => {
      const client = new AzureClient({
        endpoint: proxy.endpoint + pathname,
        account: azurite.account,
        container: await createContainer(azurite),
        authorization: { accountKey: azurite.accountKey },
        clock: systemClock,
        transport: transport?.(),
      })
      const clock = new QuickClock()
      const driver = new AzureBlobDriver({ client, clock, log: silentLogger })
      return createBlobStore(driver, { layers: [retry({ maxAttempts: 3, clock })] })
    }
    const failure = async (call: Promise<unknown>) => {
      const error = await call.then(
        () => expect.fail('it must fail'),
        (thrown: unknown) => thrown as CapabilityError,
      )
      proxy.set()
      return error
    }

    it.each([
      [403, 'AuthorizationFailure', 'no'],
      [404, 'ContainerNotFound', 'no'],
      [409, 'PendingCopyOperation', 'no'],
      [409, 'SomethingElse', 'unknown'],
      [412, 'LeaseIdMissing', 'no'],
      [500, 'InternalError', 'unknown'],
      [500, 'OperationTimedOut', 'unknown'],
      [503, 'ServerBusy', 'no'],
    ])('%i %s says %s', async (status, code, applied) => {
      const blob = await open()
      proxy.set({ fault: answered(status, code), when: isPut })
      expect(await failure(blob.put('key', 'x'))).toMatchObject({ applied })
      expect(await blob.head('key')).toBeNull()
    })

    it('unknown when the first try was lost and the next was refused', async () => {
      const blob = await open()
      proxy.set(
        { fault: lostAnswer, when: isPut, times: 1 },
        { fault: answered(403, 'AuthorizationFailure'), when: isPut },
      )
      expect(await failure(blob.put('key', 'x'))).toMatchObject({
        kind: 'PermissionDenied',
        applied: 'unknown',
      })
      expect(await blob.head('key')).not.toBeNull()
    })

    it('no when a block was lost, unknown when committing was lost and then refused', async () => {
      const blob = await open()
      const stream = () => new Blob([freshBytes(17 * 1024 * 1024)]).stream()
      proxy.set({ fault: lostAnswer, when: isBlock })
      expect(await failure(blob.put('key', stream()))).toMatchObject({ applied: 'no' })
      expect(await blob.head('key')).toBeNull()
      proxy.set(
        { fault: lostAnswer, when: isCommit, times: 1 },
        { fault: answered(400, 'InvalidBlockList'), when: isCommit },
        // The driver cannot look which blocks are there.
        { fault: answered(403, 'AuthorizationFailure'), when: isLook },
      )
      expect(await failure(blob.put('key', stream()))).toMatchObject({ applied: 'unknown' })
      expect(await blob.head('key')).not.toBeNull()
    })

    it('no when there is no connection', async () => {
      const blob = await open()
      await proxy.refuse()
      try {
        expect(await failure(blob.put('key', 'x'))).toMatchObject({ kind: 'Unavailable', applied: 'no' })
      } finally {
        await proxy.accept()
      }
    })

    const suite: BlobHarness = {
      clock: 'real',
      open: async () => ({ blob: await open() }),
      loseAnswers: async (work) => {
        proxy.set({ fault: lostAnswer })
        try {
          return await work()
        } finally {
          proxy.set()
        }
      },
    }
    for (const one of blobCases.find(({ name }) => name === 'applied')?.cases ?? []) {
      it(`suite: ${one.name}`, async () => {
        expect(await runCase(one, (clock) => openBlobSubject(suite, clock))).toBeNull()
      })
    }
  })
}
