/** The flows a host is tried with: each does one thing that a host must get across. They use `blob` and `dedupe`. */
import type { Provider } from '@flowport/capabilities'
import { type App, defineApp } from '../../app.ts'
import { answers } from './flows/answers.ts'
import { blobs } from './flows/blobs.ts'
import { errors } from './flows/errors.ts'
import { forms } from './flows/forms.ts'
import { inputs } from './flows/inputs.ts'
import { recorded } from './flows/recorded.ts'
import { streams } from './flows/streams.ts'
import { time } from './flows/time.ts'
import { uploadKeys } from './flows/upload-keys.ts'

/** All of them. */
export const hostFlows = [
  ...answers,
  ...errors,
  ...inputs,
  ...blobs,
  ...forms,
  ...streams,
  ...time,
  ...recorded,
  ...uploadKeys,
] as const

/** An app of them, on providers that bind `blob` and `dedupe`. */
export function hostApp(profile: string, providers: readonly Provider[]): App {
  return {
    ...defineApp({
      name: 'host-conformance',
      version: '1.2.3',
      flows: [],
      profiles: { [profile]: providers },
    }),
    flows: hostFlows,
  }
}
