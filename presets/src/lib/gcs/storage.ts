/** Types that the entries of `gs://` export on every runtime. */
export type { AccessToken, AccessTokenProvider } from '../held-token.ts'
export type { GsField, GsScheme, GsSchemeOptions } from './web/scheme.ts'
