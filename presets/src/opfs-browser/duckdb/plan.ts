/** The statement as the engine gets it: patterns as lists of files, targets as names in the engine's memory. */
import { CapabilityError, type DbParameter } from '@flowport/capabilities'
import type { UriStorage } from '@flowport/capabilities/storage'
import { type FilePlace, statementFiles } from './files.ts'
import { expandGlob, isGlob } from './glob.ts'
import { isUri, quoted } from './tokens.ts'

export interface Target {
  readonly uri: string
  /** Of the file in the engine's memory. */
  readonly name: string
}

export interface Plan {
  readonly sql: string
  /** URIs of the files to register, each once. */
  readonly sources: readonly string[]
  readonly targets: readonly Target[]
  readonly isParquet: boolean
  /** Whether the engine keeps the statement, and may look for its sources again when it is used. */
  readonly isKept: boolean
}

/** Resolves the patterns; reads nothing else. */
export async function planStatement(
  sql: string,
  parameters: readonly DbParameter[],
  storage: UriStorage,
  signal: AbortSignal | undefined,
): Promise<Plan> {
  const { files, parameters: numbers, isParquet, isKept } = statementFiles(sql)
  const sources = new Set<string>()
  const targets: Target[] = []
  let text = ''
  let at = 0
  for (const file of files) {
    text += sql.slice(at, file.start)
    at = file.end
    if (file.place === 'copy-to') {
      const target = targetOf(file.uri, targets.length)
      targets.push(target)
      text += quoted(target.name)
    } else if (isGlob(file.uri)) {
      const uris = await expandGlob(storage, file.uri, signal)
      for (const uri of uris) sources.add(uri)
      text += listText(file, uris)
    } else {
      sources.add(file.uri)
      text += sql.slice(file.start, file.end)
    }
  }
  for (const number of numbers) addParameter(sources, parameters[number - 1])
  return { sql: text + sql.slice(at), sources: [...sources], targets, isParquet, isKept }
}

function addParameter(sources: Set<string>, value: DbParameter | undefined): void {
  if (typeof value !== 'string' || !isUri(value)) return
  if (!isGlob(value)) return void sources.add(value)
  const message = `the pattern "${value}" cannot be a parameter; put it into the statement`
  throw new CapabilityError('Unsupported', message, { key: value })
}

/** The engine tells the format and the compression from the end of the name. */
function targetOf(uri: string, number: number): Target {
  const [name = ''] = /(?<![\w.])[\w.]+$/.exec(uri) ?? []
  const ending = name.includes('.') ? name.slice(name.indexOf('.')) : ''
  if (/\.zst$/i.test(ending)) {
    const message = `nothing here compresses with zstd; let the name of "${uri}" end in .gz, or write parquet`
    throw new CapabilityError('Unsupported', message, { key: uri })
  }
  return { uri, name: `flowport-copy-${number}${ending}` }
}

function listText({ place, uri }: FilePlace, uris: readonly string[]): string {
  const list = uris.map(quoted).join(', ')
  if (place === 'item') return list
  if (place === 'argument') return `[${list}]`
  if (place === 'table') return `${readerOf(uri)}([${list}])`
  const message = `COPY … FROM takes one file, and "${uri}" is a pattern; use INSERT INTO … SELECT * FROM read_csv_auto(…)`
  throw new CapabilityError('Unsupported', message, { key: uri })
}

/** What the engine would read a single file with. */
function readerOf(uri: string): string {
  if (/\.parquet$/i.test(uri)) return 'read_parquet'
  if (/\.(?:csv|tsv)(?:\.gz|\.zst)?$/i.test(uri)) return 'read_csv_auto'
  if (/\.(?:json|ndjson|jsonl)(?:\.gz|\.zst)?$/i.test(uri)) return 'read_json_auto'
  const message = `the ending of "${uri}" does not tell what its files are; name a function, such as read_parquet('${uri}')`
  throw new CapabilityError('InvalidInput', message, { key: uri })
}
