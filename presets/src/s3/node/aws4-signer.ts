/** Signature Version 4 over `node:crypto`: synchronous, with the signing key of the day kept. */
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import aws4 from 'aws4'
import type { S3Credentials } from '../credentials.ts'
import type { S3Signer, S3SigningRequest } from '../signer.ts'

/** A signer with its own key of the day. */
export function aws4Signer(): S3Signer {
  const keys = new SigningKeys()
  return ({ method, origin, path, headers, region, date }: S3SigningRequest, credentials) => {
    const { accessKeyId, secretAccessKey } = credentials
    const host = origin.slice(origin.indexOf('://') + 3)
    // `aws4` would fill in missing headers; these are complete.
    const request = { method, host, path, headers: { host, ...headers }, service: 's3', region }
    const signer = new KeptKeySigner(
      { ...request, doNotModifyHeaders: true },
      { accessKeyId, secretAccessKey },
    )
    signer.datetime = date
    signer.key = keys.of(credentials, date.slice(0, 8), region)
    return signer.authHeader()
  }
}

/** Signs with a key object: with bytes, as `aws4` keeps them, `node:crypto` takes six times as long. */
class KeptKeySigner extends aws4.RequestSigner {
  key: KeyObject | undefined

  override signature(): string {
    return createHmac('sha256', this.key as KeyObject)
      .update(this.stringToSign())
      .digest('hex')
  }
}

/** Holds the last key where neither `JSON.stringify` nor `util.inspect` looks. */
class SigningKeys {
  #key: KeyObject | undefined
  #secret = ''
  #scope = ''

  /** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
  of({ secretAccessKey }: S3Credentials, day: string, region: string): KeyObject {
    const scope = `${day}/${region}`
    if (this.#key === undefined || this.#secret !== secretAccessKey || this.#scope !== scope) {
      const key = [day, region, 's3', 'aws4_request'].reduce<string | Buffer>(
        (last, part) => createHmac('sha256', last).update(part).digest(),
        `AWS4${secretAccessKey}`,
      )
      this.#key = createSecretKey(Buffer.from(key as Buffer))
      this.#secret = secretAccessKey
      this.#scope = scope
    }
    return this.#key
  }
}
