/**
 * What each preset of `@flowport/presets` provides, so that a finding can name presets that fit. A test keeps the copy equal.
 */
import type { Candidate } from '@flowport/flow'

export interface KnownPreset extends Candidate {
  /** Hosts that can open the preset. */
  readonly runsOn: readonly ('node' | 'workers')[]
}

/** Returns the presets that a profile of the host can use. */
export function presetsFor(host: 'node' | 'workers'): readonly KnownPreset[] {
  return knownPresets.filter(({ runsOn }) => runsOn.includes(host))
}

/**
 * Guarantees, features that are true, and the transaction, by domain. Leaves out presets whose store the user chooses, such as
 * `opendal`.
 */
export const knownPresets: readonly KnownPreset[] = [
  {
    preset: 'memory',
    runsOn: ['node', 'workers'],
    provides: {
      kv: {
        consistency: 'strong',
        durability: 'ephemeral',
        ttl: 'per_write',
        features: { list: true, metadata: true, conditional: true, bulk: true },
        transaction: 'memory',
      },
      blob: {
        consistency: 'strong',
        durability: 'ephemeral',
        features: {
          createOnly: true,
          compareAndSwap: true,
          ranges: true,
          metadata: true,
          contentType: true,
          serverCopy: true,
        },
      },
      dedupe: {
        consistency: 'strong',
        durability: 'ephemeral',
        reservation: 'atomic',
        features: { unknowns: true, startsWithWrites: true },
        transaction: 'memory',
      },
      queue: {
        durability: 'ephemeral',
        delivery: 'at_least_once',
        ordering: 'ordered',
        features: { deadLetter: true, renew: true, redrive: true },
        transaction: 'memory',
      },
      state: { consistency: 'strong', durability: 'ephemeral', features: { alarms: true } },
      cache: { features: {} },
    },
  },
  {
    preset: 'fs',
    runsOn: ['node'],
    provides: {
      blob: {
        consistency: 'strong',
        durability: 'durable',
        features: {
          createOnly: true,
          compareAndSwap: true,
          ranges: true,
          metadata: true,
          contentType: true,
          serverCopy: true,
        },
      },
      kv: {
        consistency: 'strong',
        durability: 'durable',
        ttl: 'per_write',
        features: { list: true, metadata: true, conditional: true },
      },
    },
  },
  {
    preset: 'sqlite',
    runsOn: ['node'],
    provides: {
      kv: {
        consistency: 'strong',
        durability: 'durable',
        ttl: 'per_write',
        features: { list: true, metadata: true, conditional: true, bulk: true },
        transaction: 'sqlite',
      },
      dedupe: {
        consistency: 'strong',
        durability: 'durable',
        reservation: 'atomic',
        features: { unknowns: true, startsWithWrites: true },
        transaction: 'sqlite',
      },
      queue: {
        durability: 'durable',
        delivery: 'at_least_once',
        ordering: 'ordered',
        features: { deadLetter: true, renew: true, redrive: true },
        transaction: 'sqlite',
      },
    },
  },
  {
    preset: 's3',
    runsOn: ['node', 'workers'],
    provides: {
      blob: {
        consistency: 'strong',
        durability: 'durable',
        features: {
          createOnly: true,
          compareAndSwap: true,
          ranges: true,
          metadata: true,
          contentType: true,
          serverCopy: true,
          presign: true,
        },
      },
    },
  },
  {
    preset: 's3-dedupe',
    runsOn: ['node', 'workers'],
    provides: {
      dedupe: {
        consistency: 'strong',
        durability: 'durable',
        reservation: 'atomic',
        features: { unknowns: true },
      },
    },
  },
  {
    preset: 'gcs',
    runsOn: ['node', 'workers'],
    provides: {
      blob: {
        consistency: 'strong',
        durability: 'durable',
        features: {
          createOnly: true,
          compareAndSwap: true,
          ranges: true,
          metadata: true,
          contentType: true,
          serverCopy: true,
        },
      },
    },
  },
  {
    preset: 'azblob',
    runsOn: ['node', 'workers'],
    provides: {
      blob: {
        consistency: 'strong',
        durability: 'durable',
        features: {
          createOnly: true,
          compareAndSwap: true,
          ranges: true,
          metadata: true,
          contentType: true,
          serverCopy: true,
        },
      },
    },
  },
  {
    preset: 'cloudflare-kv',
    runsOn: ['workers'],
    provides: {
      kv: {
        consistency: 'eventual',
        durability: 'durable',
        ttl: 'per_write',
        features: { list: true, metadata: true, bulk: true },
      },
    },
  },
  {
    preset: 'cloudflare-r2',
    runsOn: ['workers'],
    provides: {
      blob: {
        consistency: 'strong',
        durability: 'durable',
        features: { createOnly: true, compareAndSwap: true, ranges: true, metadata: true, contentType: true },
      },
    },
  },
  {
    preset: 'cloudflare-queues',
    runsOn: ['workers'],
    provides: {
      queue: { durability: 'durable', delivery: 'at_least_once', ordering: 'unordered', features: {} },
    },
  },
  {
    preset: 'durable-dedupe',
    runsOn: ['workers'],
    provides: {
      dedupe: {
        consistency: 'strong',
        durability: 'durable',
        reservation: 'atomic',
        features: { unknowns: true },
      },
      kv: {
        consistency: 'strong',
        durability: 'durable',
        ttl: 'per_write',
        features: { list: true, metadata: true, conditional: true, bulk: true },
      },
    },
  },
  {
    preset: 'durable-partitions',
    runsOn: ['workers'],
    provides: {
      dedupe: {
        consistency: 'strong',
        durability: 'durable',
        reservation: 'atomic',
        features: { unknowns: true },
        transaction: 'durable-partitions',
      },
      kv: {
        consistency: 'strong',
        durability: 'durable',
        ttl: 'per_write',
        features: { list: true, metadata: true, conditional: true, bulk: true },
        transaction: 'durable-partitions',
      },
    },
  },
  {
    preset: 'durable-state',
    runsOn: ['workers'],
    provides: {
      state: { consistency: 'strong', durability: 'durable', features: { sql: true, alarms: true } },
    },
  },
]
