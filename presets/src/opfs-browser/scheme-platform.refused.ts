/** The scheme `opfs://` outside of browsers. It is a file of its own, so that pages do not load the refusal. */
import { refusal } from '../platform/refusal.ts'
import type { OpfsSchemeMaker } from './scheme.ts'

export const platform: OpfsSchemeMaker = () => ({
  scheme: 'opfs',
  authority: 'key',
  ...refusal(
    'opfs-browser',
    'a browser with an origin private file system',
    '"memory", or the storage of the platform',
  ),
})
