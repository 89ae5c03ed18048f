/** The scheme `opfs://` in a browser. */
import { opfsScheme, type OpfsSchemeMaker } from './scheme.ts'

export const platform: OpfsSchemeMaker = opfsScheme
