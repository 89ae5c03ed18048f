/** The `secret-files` preset where there is no file system: it resolves, and `open` fails with advice. */
import { definePreset } from '@flowport/capabilities'
import { type SecretFilesOptions, secretFilesEnv, secretFilesProvides } from './declaration.ts'
import { unsupported } from '../platform/refusal.ts'

export type { SecretFilesOptions } from './declaration.ts'

export const secretFiles = definePreset<
  SecretFilesOptions,
  typeof secretFilesEnv,
  typeof secretFilesProvides
>({
  name: 'secret-files',
  env: secretFilesEnv,
  provides: secretFilesProvides,
  layers: () => [],
  open: unsupported('secret-files', 'a file system', "no such preset: the host's own secrets"),
})
