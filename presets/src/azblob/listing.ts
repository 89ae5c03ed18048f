/** Listings of a container, page by page, in the order of UTF-8 bytes. */
import {
  type BlobDriverList,
  type BlobDriverPage,
  type BlobListed,
  CapabilityError,
  compareUtf8,
  decodeCursor,
  encodeCursor,
} from '@flowport/capabilities'
import { elements, escapeXml, parseXml, text, type XmlElement } from '../object-http/xml.ts'
import type { AzureClient } from './client.ts'

/** A page from Azure, possibly in UTF-16 order. */
interface NativePage {
  readonly objects: readonly BlobListed[]
  readonly prefixes: readonly string[]
  /** Empty at the end. */
  readonly marker: string
}

/** Where a page begins: at a marker of Azure's, and there after this key where pages have to be sorted. */
interface Place {
  readonly marker: string
  readonly after: string | null
}

/**
 * One page. Azure does not say whether it orders by UTF-8 or by UTF-16; the two differ only where a key holds a character
 * above U+FFFF. Up to the first such page Azure's are handed on as they are; from there all that is left is read for each
 * page, and the lowest keys are kept.
 */
export async function listAzure(client: AzureClient, list: BlobDriverList): Promise<BlobDriverPage> {
  let place = placeOf(list.cursor)
  while (place.after === null) {
    const page = await nativePage(client, list, place.marker)
    if ([...page.objects.map(({ key }) => key), ...page.prefixes].some(hasSurrogate)) break
    const { objects, prefixes, marker } = page
    if (marker === '') return { objects, prefixes }
    place = { marker, after: null }
    if (objects.length + prefixes.length > 0)
      return { objects, prefixes, cursor: encodeCursor(JSON.stringify([marker])) }
  }
  return sortedPage(client, list, place)
}

async function sortedPage(
  client: AzureClient,
  list: BlobDriverList,
  { marker: start, after }: Place,
): Promise<BlobDriverPage> {
  let lowest: { readonly name: string; readonly object: BlobListed | null }[] = []
  let isMore = false
  for (let marker = start; ; ) {
    const page = await nativePage(client, { ...list, limit: mostPerPage }, marker)
    lowest.push(
      ...page.objects.map((object) => ({ name: object.key, object })),
      ...page.prefixes.map((name) => ({ name, object: null })),
    )
    lowest = lowest
      .filter(({ name }) => after === null || compareUtf8(name, after) > 0)
      .toSorted((a, b) => compareUtf8(a.name, b.name))
    isMore ||= lowest.length > list.limit
    lowest = lowest.slice(0, list.limit)
    marker = page.marker
    if (marker === '') break
  }
  const last = lowest.at(-1)
  return {
    objects: lowest.flatMap(({ object }) => object ?? []),
    prefixes: lowest.flatMap(({ name, object }) => (object === null ? [name] : [])),
    ...(isMore && last !== undefined ? { cursor: encodeCursor(JSON.stringify([start, last.name])) } : {}),
  }
}

/** https://learn.microsoft.com/rest/api/storageservices/list-blobs */
async function nativePage(
  client: AzureClient,
  { prefix, delimiter, limit, signal }: BlobDriverList,
  marker: string,
): Promise<NativePage> {
  const xml = await client.sendForText({
    method: 'GET',
    query: {
      restype: 'container',
      comp: 'list',
      maxresults: String(limit),
      ...(prefix === '' ? {} : { prefix }),
      ...(delimiter === undefined ? {} : { delimiter }),
      ...(marker === '' ? {} : { marker }),
    },
    signal,
  })
  const root = parseXml(decodedNames(xml))
  if (root === null) throw new CapabilityError('Unavailable', "Azure's answer came incomplete; try again")
  const blobs = elements(root, 'Blobs')[0]
  if (root.name !== 'EnumerationResults' || blobs === undefined) throw malformed('no listing')
  return {
    objects: elements(blobs, 'Blob').map(listedOf),
    prefixes: elements(blobs, 'BlobPrefix').map((entry) => required(entry, 'Name')),
    marker: text(root, 'NextMarker') ?? '',
  }
}

function listedOf(entry: XmlElement): BlobListed {
  const properties = elements(entry, 'Properties')[0]
  if (properties === undefined) throw malformed('an entry without properties')
  const size = Number(required(properties, 'Content-Length'))
  const lastModified = new Date(required(properties, 'Last-Modified'))
  if (!Number.isSafeInteger(size) || Number.isNaN(lastModified.getTime()))
    throw malformed('an entry without its size or date')
  return {
    key: required(entry, 'Name'),
    size,
    etag: required(properties, 'Etag').replaceAll('"', ''),
    lastModified,
  }
}

/** Decodes names that XML cannot hold: Azure percent-encodes them and marks them with an attribute. */
function decodedNames(xml: string): string {
  if (!xml.includes('Encoded="true"')) return xml
  return xml.replaceAll(/<Name Encoded="true">([^<]*)<\/Name>/g, (_, name: string) => {
    try {
      return `<Name>${escapeXml(decodeURIComponent(name))}</Name>`
    } catch {
      throw malformed('a name that is not encoded as it says')
    }
  })
}

function required(element: XmlElement, name: string): string {
  const value = text(element, name)
  if (value === null) throw malformed(`an answer without ${name}`)
  return value
}

function malformed(what: string): CapabilityError {
  return new CapabilityError(
    'Unexpected',
    `Azure sent ${what}; check that the endpoint is one of its blob service`,
  )
}

function placeOf(cursor: string | undefined): Place {
  if (cursor === undefined) return { marker: '', after: null }
  try {
    const [marker, after = null] = JSON.parse(decodeCursor(cursor)) as [unknown, unknown?]
    if (typeof marker === 'string' && (after === null || typeof after === 'string')) return { marker, after }
  } catch {
    // Not a cursor from this store: throw the same error as for a malformed one.
  }
  throw new CapabilityError(
    'InvalidInput',
    'the cursor is malformed: pass the one of the page before, unchanged',
  )
}

function hasSurrogate(name: string): boolean {
  return /[\ud800-\udfff]/.test(name)
}

/** https://learn.microsoft.com/rest/api/storageservices/list-blobs#uri-parameters */
const mostPerPage = 5000
