import { inspect } from 'node:util'
import {
  type BlobStore,
  isCapabilityError,
  type OpenContext,
  type OpenedProvider,
  silentLogger,
} from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { describe, expect, it } from 'vitest'
import { azblob } from './preset.ts'
import { accountSas, createContainer, startAzurite, withoutAzurite } from '../../test/support/azurite.ts'

function context(more: Partial<OpenContext> = {}): OpenContext {
  return { env: {}, log: silentLogger, clock: systemClock, bindings: {}, ...more }
}

function blobOf({ resources }: Pick<OpenedProvider, 'resources'>): BlobStore {
  return resources.get('blob') as unknown as BlobStore
}

type Options = Parameters<typeof azblob>[0]

async function opened(options: Options, more: Partial<OpenContext> = {}): Promise<BlobStore> {
  return blobOf(await azblob(options).open(context(more)))
}

const azurite = await startAzurite()
if (azurite === null) describe.skip('preset azblob on Azurite', () => it(withoutAzurite, () => undefined))
else {
  describe('secrets of preset azblob on Azurite', () => {
    it.each(['fetch', 'opendal'] as const)(
      'engine %s shows key and signature in no error, log, inspection or JSON',
      async (engine) => {
        const logged: unknown[] = []
        const keep = (...line: unknown[]) => void logged.push(line)
        const log = { debug: keep, info: keep, warn: keep, error: keep }
        const container = await createContainer(azurite)
        const { accountKey, ...place } = azurite
        const wrongKey = Buffer.from('MARKERKEY'.repeat(4)).toString('base64')
        const wrongSas = 'sv=2020-08-04&ss=b&srt=co&sp=rwdlac&se=2099-01-01T00:00:00Z&sig=MARKERSIG%2Bx%3D'
        const rightSas = accountSas(azurite, 'r', new Date(Date.now() + 3_600_000))
        const silent = 'http://127.0.0.1:9/flowporttest'
        const secrets = [
          accountKey,
          wrongKey,
          'MARKERSIG',
          new URLSearchParams(rightSas).get('sig') ?? '',
          'sig=',
        ]
        const shown: unknown[] = []
        for (const credential of [
          { accountKey: wrongKey },
          { accountKey },
          { sasToken: wrongSas },
          { sasToken: rightSas },
        ]) {
          for (const endpoint of [azurite.endpoint, silent]) {
            for (const name of [container, 'no-such-container']) {
              const provider = azblob({
                ...place,
                ...credential,
                endpoint,
                container: name,
                engine,
                layers: () => [],
              })
              const open = await provider.open(context({ log }))
              const blob = blobOf(open)
              shown.push(provider, open, blob)
              for (const call of [
                () => blob.get('key'),
                () => blob.head('key'),
                () => blob.put('key', 'value'),
                () => blob.put('key', new Blob([new Uint8Array(2_500_000)]).stream()),
                () => blob.put('key', 'value', { ifNoneMatch: '*' }),
                () => blob.put('key', 'value', { ifMatch: '0x1' }),
                () => blob.list(),
                () => blob.copy('a', 'b'),
                () => blob.deleteMany(['a', 'b']),
              ])
                shown.push(
                  await call().then(
                    () => null,
                    (error: unknown) => error,
                  ),
                )
            }
          }
        }
        const layered = await opened(
          {
            ...place,
            sasToken: wrongSas,
            endpoint: silent,
            container,
            engine,
            layers: (all) => all.slice(0, 1),
          },
          { log },
        )
        shown.push(await layered.get('key').catch((error: unknown) => error), logged)
        expect(shown.filter(isCapabilityError).length).toBeGreaterThan(40)
        for (const one of shown) {
          const text =
            inspect(one, { depth: 12, showHidden: true }) +
            JSON.stringify(one) +
            (one instanceof Error ? one.stack : '')
          for (const secret of secrets) expect(text).not.toContain(secret)
        }
        expect(logged.length).toBeGreaterThan(0)
      },
    )
  })
}
