/** OpenDAL under the blob and kv contracts, on Node: operators, their guards, and drivers over any service of the binary. */

export { type LoadOptions, loadOpenDal, type OpenDal } from './load.ts'
export { opendalServices } from './services.ts'
export type { ConfigValue, OpenDalConfig, OpenDalConfigs } from './config.ts'
export {
  operatorFactory,
  type OperatorFactory,
  type OperatorFactoryOptions,
  type OperatorSource,
} from './factory.node.ts'
export {
  layerIf,
  nativeConcurrency,
  nativeRetry,
  type NativeRetryOptions,
  nativeTimeout,
  type NativeTimeoutOptions,
  type OpenDalLayer,
} from './layers.ts'
export { OpenDalError, translateOpenDalError } from './translate-error.ts'
export type { Place as OpenDalPlace } from './place.ts'
export {
  type ObjectForm,
  opendalBlobInfo,
  type OpenDalBlobInfoOptions,
  opendalKvInfo,
  type OpenDalKvInfoOptions,
  type OpenDalTtl,
} from './driver-info.ts'
export { toServiceMetadata } from './header-text.ts'
export { opendalBlobDriver } from './blob-driver.ts'
export type { OpenDalBlobOptions } from './blob-options.ts'
export {
  opendalKvDriver,
  type OpenDalKvDriver,
  type OpenDalKvOptions,
  type SweepOptions,
  type Swept,
} from './kv-driver.ts'
