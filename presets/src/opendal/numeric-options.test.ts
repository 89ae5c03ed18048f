import { countRule, lifeSecondsRule, silentLogger } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { numericOption, type NumericOptionTest } from '@flowport/capabilities/testing'
import { Operator } from 'opendal'
import { describe } from 'vitest'
import { opendalBlobDriver } from './blob-driver.ts'
import { opendalKvDriver } from './kv-driver.ts'
import { nativeConcurrency, nativeRetry, nativeTimeout } from './layers.ts'

describe('options of the OpenDAL drivers and layers', () => {
  const operator = new Operator('memory', {})
  const opendal = { scheme: 'memory', log: silentLogger, clock: systemClock } as const
  const day = countRule(1, 86_400_000)
  const tests: readonly NumericOptionTest[] = [
    {
      name: 'OpenDalBlobOptions.chunkBytes',
      rule: countRule(64 * 1024, 1024 ** 3),
      take: (chunkBytes) => opendalBlobDriver(operator, { ...opendal, chunkBytes }),
    },
    {
      name: 'OpenDalBlobOptions.concurrency',
      rule: countRule(1, 64),
      take: (concurrency) => opendalBlobDriver(operator, { ...opendal, concurrency }),
    },
    {
      name: 'OpenDalBlobOptions.maxConditionalBytes',
      rule: countRule(0, 1024 ** 3),
      take: (maxConditionalBytes) => opendalBlobDriver(operator, { ...opendal, maxConditionalBytes }),
    },
    {
      name: 'OpenDalKvOptions.sweepEverySeconds',
      rule: countRule(0, 86_400),
      take: (sweepEverySeconds) =>
        opendalKvDriver(operator, { ...opendal, ttl: 'per_write', sweepEverySeconds }),
    },
    {
      name: 'OpenDalKvOptions.ttl',
      rule: lifeSecondsRule,
      take: (namespaceDefault) => opendalKvDriver(operator, { ...opendal, ttl: { namespaceDefault } }),
    },
    {
      name: 'SweepOptions.maxKeys',
      rule: countRule(1, 100_000),
      take: (maxKeys) => opendalKvDriver(operator, { ...opendal, ttl: 'per_write' }).sweep({ maxKeys }),
    },
    {
      name: 'NativeRetryOptions.maxRetries',
      rule: countRule(0, 20),
      take: (maxRetries) => nativeRetry({ maxRetries }),
    },
    {
      name: 'NativeRetryOptions.minDelayMs',
      rule: countRule(1, 60_000),
      take: (minDelayMs) => nativeRetry({ minDelayMs, maxDelayMs: 600_000 }),
    },
    {
      name: 'NativeRetryOptions.maxDelayMs',
      rule: countRule(1, 600_000),
      take: (maxDelayMs) => nativeRetry({ minDelayMs: 1, maxDelayMs }),
    },
    {
      name: 'NativeRetryOptions.factor',
      rule: { min: 1, max: 10, isWhole: false },
      take: (factor) => nativeRetry({ factor }),
    },
    { name: 'NativeTimeoutOptions.timeoutMs', rule: day, take: (timeoutMs) => nativeTimeout({ timeoutMs }) },
    {
      name: 'NativeTimeoutOptions.ioTimeoutMs',
      rule: day,
      take: (ioTimeoutMs) => nativeTimeout({ ioTimeoutMs }),
    },
    { name: 'nativeConcurrency', rule: countRule(2, 1024), take: nativeConcurrency },
  ]
  for (const test of tests) numericOption(test)
})
