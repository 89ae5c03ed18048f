import { describe, expect, it } from 'vitest'
import { s3Config } from './config.ts'
import type { S3Options } from './declaration.ts'

const own = {
  S3_BUCKET: 'bucket',
  S3_REGION: 'own-1',
  S3_ACCESS_KEY_ID: 'own',
  S3_SECRET_ACCESS_KEY: 'own secret',
}
const amazon = {
  AWS_ACCESS_KEY_ID: 'aws',
  AWS_SECRET_ACCESS_KEY: 'aws secret',
  AWS_SESSION_TOKEN: 'aws token',
  AWS_REGION: 'aws-1',
  AWS_DEFAULT_REGION: 'aws-2',
}
const config = (env: Readonly<Record<string, string>>, options: S3Options = {}) => {
  const { region, endpoint, credentials } = s3Config(options, env)
  return { region, endpoint, credentials }
}

describe('variables of Amazon', () => {
  it('are read where none of the preset is set', () => {
    const { AWS_REGION: _, ...late } = amazon
    const credentials = { accessKeyId: 'aws', secretAccessKey: 'aws secret', sessionToken: 'aws token' }
    expect(config({ S3_BUCKET: 'bucket', ...amazon })).toEqual({
      region: 'aws-1',
      endpoint: 'https://s3.aws-1.amazonaws.com',
      credentials,
    })
    expect(config({ S3_BUCKET: 'bucket', ...late }).region).toBe('aws-2')
    expect(config({ S3_BUCKET: 'bucket', ...amazon, AWS_REGION: '' }).region).toBe('aws-2')
    const urls = { AWS_ENDPOINT_URL: 'https://all.test', AWS_ENDPOINT_URL_S3: 'https://s3.test' }
    expect(config({ S3_BUCKET: 'bucket', ...amazon, ...urls }).endpoint).toBe('https://s3.test')
    expect(config({ S3_BUCKET: 'bucket', ...amazon, AWS_ENDPOINT_URL: urls.AWS_ENDPOINT_URL }).endpoint).toBe(
      'https://all.test',
    )
  })

  it('give way to the variables of the preset, and are never mixed with their keys', () => {
    expect(config({ ...own, ...amazon })).toEqual({
      region: 'own-1',
      endpoint: 'https://s3.own-1.amazonaws.com',
      credentials: { accessKeyId: 'own', secretAccessKey: 'own secret', sessionToken: undefined },
    })
    const { S3_SECRET_ACCESS_KEY: _, ...half } = own
    expect(() => config({ ...half, ...amazon })).toThrow('secretAccessKey (S3_SECRET_ACCESS_KEY) is missing')
    expect(
      config({ ...own, ...amazon }, { accessKeyId: 'option', secretAccessKey: 's' }).credentials,
    ).toEqual({
      accessKeyId: 'option',
      secretAccessKey: 's',
      sessionToken: undefined,
    })
  })

  it('say nothing of the region of a store at an endpoint of its own, or of R2', () => {
    const at = (endpoint: string) => config({ ...amazon, S3_BUCKET: 'bucket', S3_ENDPOINT: endpoint }).region
    expect(at('https://minio.test')).toBe('us-east-1')
    expect(at('https://account.r2.cloudflarestorage.com')).toBe('auto')
  })
})
