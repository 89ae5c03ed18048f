/** Which services the loaded binary has: asked at run time, because builds for other platforms have fewer. */
import { CapabilityError } from '@flowport/capabilities'
import { loadOpenDal, type LoadOptions, type OpenDal } from './load.ts'
import { readFailure, translateOpenDalError } from './translate-error.ts'

/** The schemes of the services in the loaded binary, sorted. */
export async function opendalServices(options?: LoadOptions): Promise<readonly string[]> {
  return servicesOf(await loadOpenDal(options))
}

/** As `opendalServices`, for a package already loaded. */
export function servicesOf({ Operator }: Pick<OpenDal, 'Operator'>): readonly string[] {
  const said = whyNot(Operator, 'flowport-none') ?? ''
  const start = said.indexOf(listStart)
  const end = said.indexOf('}', start)
  if (start >= 0 && end >= 0)
    return said
      .slice(start + listStart.length, end)
      .split(',')
      .map((name) => name.trim())
      .toSorted()
  // Versions before 0.49.6 do not list them: each name that may exist is tried, without a config, so that nothing is opened.
  return namesThatMayExist.filter((name) => !isMissing(whyNot(Operator, name)))
}

const listStart = 'available: '

/** `Unsupported`, with what there is instead, when OpenDAL refused the scheme itself; any other error translated. */
export function refusedConstruction(error: unknown, scheme: string, opendal: OpenDal): CapabilityError {
  const message = error instanceof Error ? error.message : ''
  if (!isMissing(message)) return translateOpenDalError(error)
  return new CapabilityError(
    'Unsupported',
    `this build of opendal has no service ${JSON.stringify(scheme)}; it has: ${servicesOf(opendal).join(', ')}`,
    { code: 'OPENDAL_NO_SERVICE', details: { scheme }, cause: translateOpenDalError(error).cause },
  )
}

/** OpenDAL's words when it will not make an operator, `null` when it does. */
function whyNot(Operator: OpenDal['Operator'], scheme: string): string | null {
  try {
    void new Operator(scheme, {})
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function isMissing(message: string | null): boolean {
  if (message === null || readFailure(new Error(message)).kind !== 'Unsupported') return false
  return /scheme is not (?:enabled|registered|supported)|scheme is not enabled or supported|\bavailable:/.test(
    message,
  )
}

/** Every service OpenDAL's sources know, compiled in or not. */
const namesThatMayExist: readonly string[] = (
  'aliyun-drive alluxio azblob azdls azfile b2 cacache cloudflare-kv compfs cos cosn d1 dashmap dbfs dropbox etcd file ' +
  'foundationdb foyer fs ftp gcs gcs-grpc gdrive ghac github goosefs gridfs hdfs hdfs-native hf http https huggingface ' +
  'icloud ipfs ipmfs koofr lakefs libsql memcached memory mini-moka moka mongodb monoiofs mysql obs onedrive opfs oss ' +
  'pcloud persy postgresql redb redis rocksdb s3 seafile sftp sled sqlite supabase surrealdb swift tikv tos upyun ' +
  'vercel-artifacts vercel-blob webdav webhdfs yandex-disk'
).split(' ')
