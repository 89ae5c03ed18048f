/** Loads the `opendal` package, or says why it cannot be and what to do instead. */
import type * as opendal from 'opendal'
/** What the package exports; types only, the package itself is optional. */
export type OpenDal = typeof opendal
export interface LoadOptions {
  /** Imports the package. Default: `import('opendal')`. */
  readonly load?: () => Promise<OpenDal>
  /** The machine, for advice. Default: this one. */
  readonly machine?: {
    readonly platform: string
    readonly arch: string
    readonly glibc: string | null
  }
}
/** The package. `Misconfigured`, with the way out, when it is missing, was built for another machine, or needs a newer libc. */
export declare function loadOpenDal({ load, machine }?: LoadOptions): Promise<OpenDal>
//# sourceMappingURL=load.d.ts.map
