/** Reaches web servers on Node: connections of undici that are kept out of private networks. */
import { CapabilityError } from '@flowport/capabilities'
import { connectOnNode } from './node/connect.ts'
import type { PlatformAccess } from './platform-access.ts'
import { isPrivateHost } from './private-address.ts'

export const platformAccess: PlatformAccess = {
  connect: connectOnNode,
  forUris: ({ allowPrivate = false }) => ({
    check({ hostname }) {
      if (allowPrivate || !isPrivateHost(hostname)) return
      throw new CapabilityError(
        'PermissionDenied',
        `${hostname} is in a private network; if that is meant, give the scheme allowPrivate: true`,
        { code: 'HTTP_PRIVATE_ADDRESS', details: { host: hostname } },
      )
    },
    connect: () => connectOnNode({ allowPrivate, maxHeaderBytes: 16 * 1024 }),
  }),
}
