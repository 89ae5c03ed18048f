/** The `secret-files` preset without its driver: what it reads and states, shared with its stub on other runtimes. */
import { countRule, type PlainCapabilityInfo } from '@flowport/capabilities'
import * as Type from 'typebox'

export interface SecretFilesOptions {
  /**
   * Directory of the secrets, one file each, named as the secret. Default: the variable `FLOWPORT_SECRETS_DIR`, else
   * `/run/secrets`, where Docker mounts them.
   */
  readonly directory?: string
  /** Bytes of the largest secret; a larger file is `LimitExceeded`. From 1 to 1 048 576. Default 65 536. */
  readonly maxBytes?: number
}

/** What fits the option that is a number: Kubernetes keeps no more bytes in a secret. */
export const secretFilesNumbers = { maxBytes: countRule(1, 1024 ** 2) }

export const secretFilesEnv = Type.Object({
  FLOWPORT_SECRETS_DIR: Type.String({
    default: '/run/secrets',
    description: 'Directory of the secrets, one file each.',
  }),
})

export const secretFilesInfo = {
  provider: 'secret-files',
  extensions: {},
} as const satisfies PlainCapabilityInfo

export const secretFilesProvides = { secrets: secretFilesInfo } as const
