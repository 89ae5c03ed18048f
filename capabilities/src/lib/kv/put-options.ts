/** What a put asks for, checked against what the store states: conditions, time to live, metadata. */
import type { Clock } from '../clock/contract.ts'
import { CapabilityError } from '../error.ts'
import { toJsonText } from '../json-text.ts'
import { checkSize, utf8Length } from '../limits.ts'
import { checkArgument, lifeSecondsRule, longestLifeMs } from '../numbers.ts'
import type { Place } from './content.ts'
import type { KvPutOptions, KvReader } from './contract.ts'
import type { KvDriverPut } from './driver.ts'

type Info = KvReader['info']

/** A put without options. */
export const plainPut: KvDriverPut = Object.freeze({})

export function checkedPut(
  options: KvPutOptions,
  info: Info,
  clock: Pick<Clock, 'now'>,
  where: Place,
): KvDriverPut {
  const { ifAbsent, ifVersion, metadata } = options
  if ((ifAbsent === true || ifVersion !== undefined) && !info.features.conditional) {
    throw new CapabilityError('Unsupported', `${info.provider} has no conditional writes`, where)
  }
  if (ifAbsent === true && ifVersion !== undefined) {
    throw new CapabilityError('InvalidInput', 'give ifAbsent or ifVersion, not both', where)
  }
  return {
    expiresAt: expiry(options, info, clock, where),
    metadata: checkedMetadata(metadata, info, where),
    ifAbsent,
    ifVersion,
  }
}

function expiry(
  { ttlSeconds, expiresAt }: KvPutOptions,
  { provider, ttl, limits }: Info,
  clock: Pick<Clock, 'now'>,
  where: Place,
): number | undefined {
  if (ttlSeconds === undefined && expiresAt === undefined) return undefined
  if (ttlSeconds !== undefined && expiresAt !== undefined) {
    throw new CapabilityError('InvalidInput', 'give ttlSeconds or expiresAt, not both', where)
  }
  if (ttl !== 'per_write') {
    throw new CapabilityError('Unsupported', `${provider} has no time to live per write (ttl: ${ttl})`, where)
  }
  if (ttlSeconds !== undefined) checkArgument('ttlSeconds', ttlSeconds, lifeSecondsRule, where)
  const now = clock.now()
  // Stores keep whole milliseconds: an entry lives at least as long as it was given.
  const moment = ttlSeconds === undefined ? timeOf(expiresAt) : Math.ceil(now + ttlSeconds * 1000)
  if (!(moment > now && moment - now <= longestLifeMs + 1)) {
    throw new CapabilityError(
      'InvalidInput',
      'expiresAt must be a Date in the future, at most 68 years from now',
      where,
    )
  }
  if (moment - now < limits.minTtlSeconds * 1000) {
    throw new CapabilityError(
      'InvalidInput',
      `${provider} keeps entries for at least ${limits.minTtlSeconds} seconds; ask for more`,
      { ...where, code: 'TTL001' },
    )
  }
  return moment
}

function timeOf(moment: unknown): number {
  return moment instanceof Date ? moment.getTime() : Number.NaN
}

function checkedMetadata(metadata: unknown, { provider, features, limits }: Info, where: Place): unknown {
  if (metadata === undefined || metadata === null) return undefined
  if (!features.metadata) throw new CapabilityError('Unsupported', `${provider} keeps no metadata`, where)
  const text = toJsonText(metadata, 'metadata', where)
  checkSize(utf8Length(text), limits.maxMetadataBytes, 'metadata', where)
  return JSON.parse(text) as unknown
}
