import { createBlobStore, logging, retry, silentLogger, timeout } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { blobConformance } from '@flowport/capabilities/testing'
import { describe, it } from 'vitest'
import { createContainer, startAzurite, withoutAzurite } from '../../test/support/azurite.ts'
import { undiciTransport } from '../object-http/node/undici-transport.ts'
import { AzureBlobDriver } from './blob-driver.ts'
import { AzureClient } from './client.ts'

const noXml =
  'the keys hold U+FFFF, which Azure takes in no name; order and groups of others are tried beside this file'
const skip = {
  'a delimiter may be other text than "/"':
    'Azurite cuts groups after the first character of a longer delimiter; one of a character is tried beside this file',
  'metadata comes back as it was, unicode values too':
    'Azurite answers its own Object.prototype.constructor under that name; other names are tried beside this file',
  'objects list in UTF-8 byte order, however they were written, on pages of any size': noXml,
  'groups and objects share pages, and no page repeats a group': noXml,
}

const azurite = await startAzurite()
if (azurite === null) describe.skip('the az driver on Azurite', () => it(withoutAzurite, () => undefined))
else {
  const log = silentLogger
  const clock = systemClock
  for (const [name, transport, layers] of [
    ['bare', undefined, []],
    ['bare, over undici', undiciTransport, []],
    [
      'layered',
      undefined,
      [
        logging({ log, clock }),
        retry({ clock, log }),
        timeout({ timeoutMs: 60_000, except: ['put', 'copy'], clock }),
      ],
    ],
  ] as const) {
    blobConformance(`the az driver on Azurite, ${name}`, {
      clock: 'real',
      features: {
        createOnly: true,
        compareAndSwap: true,
        ranges: true,
        metadata: true,
        contentType: true,
        serverCopy: true,
      },
      skip,
      open: async () => {
        const container = await createContainer(azurite)
        const { endpoint, account, accountKey } = azurite
        const open = () => {
          const client = new AzureClient({
            endpoint,
            account,
            container,
            authorization: { accountKey },
            clock,
            transport: transport?.(),
          })
          return createBlobStore(new AzureBlobDriver({ client, clock, log }), { layers: [...layers] })
        }
        return { blob: open(), reopen: open }
      },
    })
  }
}
