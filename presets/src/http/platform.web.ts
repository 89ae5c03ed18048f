/** Reaches web servers on Workers and in browsers, with the platform's `fetch`. */
import type { PlatformAccess } from './platform-access.ts'

export const platformAccess: PlatformAccess = {
  connect: () => ({ send: (...request) => fetch(...request) }),
  forUris: () => ({
    check: () => undefined,
    connect: () => ({
      // Browsers hide the target of a redirect. A request without credentials may follow it.
      send: (url, init) =>
        fetch(url, { ...init, redirect: 'authorization' in init.headers ? 'manual' : 'follow' }),
    }),
  }),
}
