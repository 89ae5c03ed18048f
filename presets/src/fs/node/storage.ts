/** `file:///folder/file.csv`: plain files as other programs see them, below folders that the app allows. */
import { resolve } from 'node:path'
import { CapabilityError, createBlobStore } from '@flowport/capabilities'
import { checkedPath, invalidUri, type StorageScheme } from '@flowport/capabilities/storage'
import { PlainFileDriver } from './plain-file-driver.ts'

export interface FileSchemeOptions {
  /** Folders whose files may be read and written; nothing outside of them is touched, links are not followed. */
  readonly root: string | readonly string[]
  /** Refuses every write. Default false. */
  readonly readOnly?: boolean
}

export type FileScheme = StorageScheme<'file', never, never>

export function fileSchemeWith({ root, readOnly = false }: FileSchemeOptions): FileScheme {
  const given = typeof root === 'string' ? [root] : root
  // An empty text would be the working directory.
  if (given.length === 0 || given.includes('')) {
    throw new CapabilityError(
      'Misconfigured',
      'file:// needs a root: the folders whose files may be read and written',
    )
  }
  const roots = given.map((each) => resolve(each))
  return {
    scheme: 'file',
    authority: 'key',
    locate(rest) {
      if (!rest.startsWith('/'))
        throw invalidUri('file:// has no host: write "file:///" and the path from the root of the disk')
      const key = rest.slice(1)
      checkedPath({ store: '', key: key.endsWith('/') ? key.slice(0, -1) : key })
      return { store: '', key }
    },
    open() {
      const driver = new PlainFileDriver({ roots, readOnly })
      return { blob: createBlobStore(driver), folders: driver }
    },
  }
}
