/** OpenDAL under the blob and kv contracts, on Node: operators, their guards, and drivers over any service of the binary. */

export { type LoadOptions, loadOpenDal, type OpenDal } from './lib/opendal/load.ts'
export { opendalServices } from './lib/opendal/services.ts'
export type { ConfigValue, OpenDalConfig, OpenDalConfigs } from './lib/opendal/config.ts'
export {
  operatorFactory,
  type OperatorFactory,
  type OperatorFactoryOptions,
  type OperatorSource,
} from './lib/opendal/factory.ts'
export {
  layerIf,
  nativeConcurrency,
  nativeRetry,
  type NativeRetryOptions,
  nativeTimeout,
  type NativeTimeoutOptions,
  type OpenDalLayer,
} from './lib/opendal/layers.ts'
export { OpenDalError, translateOpenDalError } from './lib/opendal/translate-error.ts'
export type { Place as OpenDalPlace } from './lib/opendal/place.ts'
export {
  type ObjectForm,
  opendalBlobInfo,
  type OpenDalBlobInfoOptions,
  opendalKvInfo,
  type OpenDalKvInfoOptions,
  type OpenDalTtl,
} from './lib/opendal/info.ts'
export { toServiceMetadata } from './lib/opendal/header-text.ts'
export { opendalBlobDriver } from './lib/opendal/blob-driver.ts'
export type { OpenDalBlobOptions } from './lib/opendal/blob-options.ts'
export {
  opendalKvDriver,
  type OpenDalKvDriver,
  type OpenDalKvOptions,
  type SweepOptions,
  type Swept,
} from './lib/opendal/kv-driver.ts'
