/** Session credentials of a test server, as a token service gives them out. */
import { AwsClient } from 'aws4fetch'
import type { S3Credentials } from '../../src/s3/credentials.ts'
import { parseXml, text, type XmlElement } from '../../src/object-http/xml.ts'
import type { Radosgw } from './radosgw.ts'

/** Makes a role that may do anything to the bucket, and takes it. */
export async function assumeRole(
  server: Radosgw,
  bucket: string,
): Promise<S3Credentials & { readonly sessionToken: string }> {
  const { endpoint, accessKeyId, secretAccessKey, admin } = server
  if (admin === undefined) throw new Error('this server has no admin')
  const trust = {
    Effect: 'Allow',
    Principal: { AWS: ['arn:aws:iam:::user/test'] },
    Action: ['sts:AssumeRole'],
  }
  const rights = {
    Effect: 'Allow',
    Action: ['s3:*'],
    Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
  }
  await admin('caps', 'add', '--uid=test', '--caps=roles=*')
  await admin('role', 'create', '--role-name=tester', `--assume-role-policy-doc=${policy(trust)}`)
  await admin(
    'role-policy',
    'put',
    '--role-name=tester',
    '--policy-name=all',
    `--policy-doc=${policy(rights)}`,
  )
  const sts = new AwsClient({ accessKeyId, secretAccessKey, service: 'sts', region: 'us-east-1', retries: 0 })
  const query = 'Action=AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A%3Arole%2Ftester&RoleSessionName=session'
  const answer = await sts.fetch(`${endpoint}/?${query}`, { method: 'POST' })
  const root = parseXml(await answer.text())
  const found = root === null ? undefined : find(root, 'Credentials')
  if (found === undefined) throw new Error(`no session: status ${answer.status}`)
  const value = (name: string) => text(found, name) ?? ''
  return {
    accessKeyId: value('AccessKeyId'),
    secretAccessKey: value('SecretAccessKey'),
    sessionToken: value('SessionToken'),
    expiresAt: new Date(value('Expiration')),
  }
}

function find(element: XmlElement, name: string): XmlElement | undefined {
  return element.name === name
    ? element
    : element.children.map((child) => find(child, name)).find((one) => one)
}

function policy(statement: object): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
}
