/** A blob driver over an OpenDAL operator. OpenDAL's own calls are the next stop. */
import type { Operator } from 'opendal'
import { type BlobDriver } from '@flowport/capabilities'
import { type OpenDalBlobOptions } from './blob-options.ts'
/** A blob store over the operator. `info` says what OpenDAL can and what is known of the service. */
export declare function opendalBlobDriver(operator: Operator, options: OpenDalBlobOptions): BlobDriver
//# sourceMappingURL=blob-driver.d.ts.map
