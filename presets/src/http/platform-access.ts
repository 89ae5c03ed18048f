/** How the `http` preset and the schemes `http://` and `https://` reach web servers, as `platform.<runtime>.ts` declares it. */
import type { OpenHttp } from './open.ts'
import type { HttpAccess, HttpSchemeOptions } from './storage.ts'

export interface PlatformAccess {
  /** Connects the preset. */
  readonly connect: OpenHttp['connect']
  /** Access of the URI schemes. */
  forUris(options: HttpSchemeOptions): HttpAccess
}
