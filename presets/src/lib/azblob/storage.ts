/** Types that the entries of `az://` export on every runtime. */
export type { AccessToken, AccessTokenProvider } from '../held-token.ts'
export type { AzField } from './web/account.ts'
export type { AzScheme, AzSchemeOptions } from './web/scheme.ts'
