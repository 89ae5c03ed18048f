/** Types that the entries of `gs://` export on every runtime. */
export type { AccessToken, AccessTokenProvider } from '../object-http/held-token.ts'
export type { GsField, GsScheme, GsSchemeOptions } from './scheme.ts'
