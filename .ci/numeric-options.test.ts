import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const packages = ['capabilities', 'flow', 'presets', 'host-node', 'host-workers']

/** Interfaces whose numeric options need no test, with the reason. */
const exempt: Readonly<Record<string, string>> = {
  CapabilityErrorOptions: 'constructing an error must not fail',
  KvSchemaOptions: 'checked where KvGetOptions is',
  BlobPresignOptions: 'checked by each driver, tested in the blob suites',
  StorageWriteOptions: 'passed on as BlobPutOptions',
  R2SchemeOptions: 'passed on as S3Options or CloudflareR2Options',
  S3SchemeOptions: 'passed on as S3Options',
  S3WriteOptions: 'passed on as S3Options',
  CertifyCommandOptions: 'passed on as CertifyOptions',
  DeadOptions: 'passed on as ListDeadLettersOptions',
  DurableDedupeOptions: 'tested in workerd, with the preset',
  SequencerOptions: 'tested in workerd, with the class',
  DeliverOptions: 'the hosts check their own options when they start',
  ScheduleOptions: 'the hosts check their own options when they start',
  ProblemOptions: 'a status, which is neither a duration nor a size',
  ReplyOptions: 'a status, which is neither a duration nor a size',
  DenyOptions: 'a status, which is neither a duration nor a size',
  CloudflareKvTwinOptions: 'a double for tests',
  TwinPutOptions: 'a double for tests',
  CloudflareR2TwinOptions: 'a double for tests',
  ...Object.fromEntries(
    [
      'AzureBlobDriverOptions AzureWritesOptions BindingPutsOptions BodyOptions CollectOptions',
      'ConnectOptions DatabaseOptions ExecuteOptions HttpBlobDriverOptions HttpClientOptions KvBindingOptions KvRestOptions',
      'KeepAliveOptions KeepOptions LeaseOptions ObjectListOptions OpenDalBlobInfoOptions R2BindingDriverOptions R2S3DriverOptions S3BlobDriverOptions S3WritesOptions',
      'ScopedRunOptions SecretFilesDriverOptions SettleLaterOptions SourceOptions SqliteDriversOptions SqliteQueueOptions UploadOptions WebBodyOptions WorldOptions',
    ]
      .flatMap((names) => names.split(' '))
      .map((name) => [name, 'built inside the package from options that are checked']),
  ),
}

it('every numeric option is tested with invalid numbers', () => {
  const sources = packages
    .flatMap((name) => [...filesBelow(join(root, name, 'src')), ...filesBelow(join(root, name, 'test'))])
    .map((file) => [file, readFileSync(file, 'utf8')] as const)
  const isTest = (file: string) => /\.test\.ts$|[\\/]test(?:ing)?[\\/]/.test(file)
  const tests = sources
    .filter(([file]) => isTest(file))
    .map(([, text]) => text)
    .join('\n')
  const untried = sources
    .filter(([file]) => !isTest(file))
    .flatMap(([, text]) => numbersIn(text))
    .filter(([owner, option]) => exempt[owner] === undefined && !isTried(tests, owner, option))
  expect(untried.map((names) => names.join('.'))).toEqual([])
})

it('every exempt interface exists', () => {
  const all = packages
    .flatMap((name) => filesBelow(join(root, name, 'src')))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')
  expect(Object.keys(exempt).filter((name) => !all.includes(`interface ${name}`))).toEqual([])
})

/** Returns owner and name of every option whose type is a number or a duration. */
function numbersIn(text: string): readonly (readonly [string, string])[] {
  return [
    ...text.matchAll(/^(?:export )?interface (\w*Options?|BodyLimits)\b[^{]*\{\n([\s\S]*?)^\}/gm),
  ].flatMap(([, owner = '', body = '']) =>
    [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??: (?:number|Duration)\b/gm)]
      .map(([, option = '']) => [owner, option] as const)
      .filter(([, option]) => option !== 'status'),
  )
}

/** Whether tests name the option in full, or as an entry in a table of the owner's options. */
function isTried(tests: string, owner: string, option: string): boolean {
  if (tests.includes(`${owner}.${option}`)) return true
  return tests.includes(`'${owner}'`) && new RegExp(`\\b${option}: `).test(tests)
}

function filesBelow(folder: string): readonly string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name))
}
