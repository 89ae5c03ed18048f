/** Opens the `secret-files` preset on Node. The driver is the next stop. */
import { createSecrets } from '@flowport/capabilities'
import type { PlatformPart } from '../platform/platform-part.ts'
import type { secretFilesEnv, SecretFilesOptions, secretFilesProvides } from './declaration.ts'
import { openSecretFilesDriver } from './driver.node.ts'

type SecretFilesPlatform = PlatformPart<SecretFilesOptions, typeof secretFilesEnv, typeof secretFilesProvides>

export const platform: SecretFilesPlatform | null = {
  portable: { secrets: createSecrets },
  async open({ env, secrets: names, options }) {
    const { directory = env.FLOWPORT_SECRETS_DIR, maxBytes = 65_536 } = options
    return { secrets: await openSecretFilesDriver({ directory, maxBytes, names }) }
  },
}
