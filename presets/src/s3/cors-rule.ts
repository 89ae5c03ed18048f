/** The CORS rule that lets pages of an origin use a bucket. */
import type { CorsRule } from '@flowport/capabilities/storage'

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html, where a configuration is a list of such rules. */
export function s3CorsRule(pageOrigin: string): CorsRule {
  return {
    where: "the list of rules in the bucket's CORS configuration",
    rule: {
      AllowedOrigins: [pageOrigin],
      AllowedMethods: ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'],
      AllowedHeaders: ['*'],
      // Without these a page cannot see versions, parts and ranges.
      ExposeHeaders: ['ETag', 'Content-Range', 'Date', 'x-amz-request-id'],
      MaxAgeSeconds: 3600,
    },
  }
}
