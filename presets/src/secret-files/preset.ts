/** The `secret-files` preset: secrets as files of a directory, as Docker and Kubernetes mount them. */
import { platform } from '#secret-files/platform'
import { definePreset } from '@flowport/capabilities'
import { refusal } from '../platform/refusal.ts'
import {
  type SecretFilesOptions,
  secretFilesEnv,
  secretFilesNumbers,
  secretFilesProvides,
} from './declaration.ts'

export type { SecretFilesOptions } from './declaration.ts'

/** Provides `secrets` instead of the host's, which come from the environment. The next stop is `platform.node.ts`. */
export const secretFiles = definePreset<
  SecretFilesOptions,
  typeof secretFilesEnv,
  typeof secretFilesProvides
>({
  name: 'secret-files',
  env: secretFilesEnv,
  provides: secretFilesProvides,
  numbers: secretFilesNumbers,
  layers: () => [],
  ...(platform ?? refusal('secret-files', 'a file system', "no such preset: the host's own secrets")),
})
