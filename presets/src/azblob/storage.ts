/** Types that the entries of `az://` export on every runtime. */
export type { AccessToken, AccessTokenProvider } from '../object-http/held-token.ts'
export type { AzField } from './account.ts'
export type { AzScheme, AzSchemeOptions } from './scheme.ts'
