/** URLs that the service signs, which work as they are. */
import type { Operator } from 'opendal'
import { type BlobPresignOptions } from '@flowport/capabilities'
import type { Place } from './place.ts'
export declare function presignedUrl(
  operator: Operator,
  path: string,
  { method, expiresInSeconds, signal }: BlobPresignOptions,
  where: Place,
): Promise<URL>
//# sourceMappingURL=presign.d.ts.map
