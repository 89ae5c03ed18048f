/** The ways the `azblob` preset makes requests, for tests that run over all of them. */
import { azblobOn } from '../../src/azblob/on.ts'
import type { AzblobOptions } from '../../src/azblob/preset.ts'
import { platformTransport as undici } from '../../src/object-http/transport.node.ts'
import { platformTransport as web } from '../../src/object-http/transport.web.ts'
import { platform as openDal } from '../../src/opendal/engine.node.ts'

export interface AzureEngine {
  readonly name: string
  readonly preset: ReturnType<typeof azblobOn>
  readonly options: AzblobOptions
  /** Whether it notices by itself that an answer has stopped coming. */
  readonly noticesSilence: boolean
  /** Whether it retries a block, and the commit of the blocks. */
  readonly retriesBlocks: boolean
}

export const azureEngines: readonly AzureEngine[] = [
  {
    name: 'fetch',
    preset: azblobOn({ transport: web, openDal: null }),
    options: {},
    noticesSilence: false,
    retriesBlocks: true,
  },
  {
    name: 'fetch over undici',
    preset: azblobOn({ transport: undici, openDal: null }),
    options: { http: { bodyTimeoutMs: 400, headersTimeoutMs: 15_000 } },
    noticesSilence: true,
    retriesBlocks: true,
  },
  {
    name: 'opendal',
    preset: azblobOn({ transport: undici, openDal }),
    options: { engine: 'opendal' },
    noticesSilence: false,
    retriesBlocks: false,
  },
]
