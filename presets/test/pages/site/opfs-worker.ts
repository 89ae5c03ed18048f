/** A worker of the site: holds a lock like any other code may, or uses a store itself. */
import { type BlobStore, silentLogger } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { opfsBrowser } from '@flowport/presets/opfs-browser'

interface SyncFileHandle extends FileSystemFileHandle {
  createSyncAccessHandle(): Promise<{ close(): void }>
}

let held: { close(): void } | undefined

const handlers: Readonly<Record<string, (name: string) => Promise<unknown>>> = {
  async hold(name) {
    const root = await navigator.storage.getDirectory()
    held = await ((await root.getFileHandle(name)) as SyncFileHandle).createSyncAccessHandle()
    return 'held'
  },
  release() {
    held?.close()
    return Promise.resolve('released')
  },
  async use(name) {
    const opened = await opfsBrowser({ root: name }).open({
      env: {},
      bindings: {},
      log: silentLogger,
      clock: systemClock,
    })
    const blob = opened.resources.get('blob') as unknown as BlobStore
    await blob.put('a/b', 'first', { contentType: 'text/plain' })
    await blob.put('a/b', new Blob(['x'.repeat(3_000_000)]))
    const size = (await blob.head('a/b'))?.size
    await opened.close()
    return { mode: blob.info.extensions['dev.flowport.opfs.mode'], size }
  },
}

globalThis.addEventListener(
  'message',
  ({ data }: MessageEvent<{ readonly op: string; readonly name: string }>) => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker takes no origin
    void handlers[data.op]?.(data.name).then((answer) => globalThis.postMessage(answer))
  },
)
