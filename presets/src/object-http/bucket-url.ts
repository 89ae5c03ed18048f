/** Where the objects of a bucket are. */
import { CapabilityError } from '@flowport/capabilities'
import { encodeKey } from './encode.ts'

/**
 * The URL of a bucket at an endpoint; `Misconfigured` for an endpoint that is not an http or https URL. In path style the bucket is the first
 * segment, in virtual-host style the first label of the host's name.
 */
export function bucketUrl(
  endpoint: string,
  bucket: string,
  preset: string,
  style: 'path' | 'virtual-host' = 'path',
): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null
  const plain =
    url !== null && url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  if (url === null || !plain || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new CapabilityError(
      'Misconfigured',
      `preset "${preset}": the endpoint must be an http or https URL without user, query or fragment`,
    )
  }
  if (style === 'virtual-host') {
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    if (!/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(bucket)) {
      throw new CapabilityError(
        'Misconfigured',
        `preset "${preset}": this bucket's name cannot be part of a host's name; use path style`,
      )
    }
    url.hostname = `${bucket}.${url.hostname}`
    return url
  }
  if (bucket === '' || bucket === '.' || bucket === '..') {
    throw new CapabilityError('Misconfigured', `preset "${preset}": the bucket has no name`)
  }
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${encodeKey(bucket)}`
  return url
}
