/** The `secret-files` preset: secrets as files of a directory, as Docker and Kubernetes mount them. */
import { createSecrets, definePreset } from '@flowport/capabilities'
import {
  type SecretFilesOptions,
  secretFilesEnv,
  secretFilesNumbers,
  secretFilesProvides,
} from './declaration.ts'
import { openSecretFilesDriver } from './driver.ts'

export type { SecretFilesOptions } from './declaration.ts'

/** Provides `secrets` instead of the host's, which come from the environment. The driver is the next stop. */
export const secretFiles = definePreset<
  SecretFilesOptions,
  typeof secretFilesEnv,
  typeof secretFilesProvides
>({
  name: 'secret-files',
  env: secretFilesEnv,
  provides: secretFilesProvides,
  numbers: secretFilesNumbers,
  portable: { secrets: createSecrets },
  layers: () => [],
  async open({ env, secrets: names, options }) {
    const { directory = env.FLOWPORT_SECRETS_DIR, maxBytes = 65_536 } = options
    return { secrets: await openSecretFilesDriver({ directory, maxBytes, names }) }
  },
})
