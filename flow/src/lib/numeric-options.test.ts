import {
  countOrInfinityRule,
  countRule,
  lifeRule,
  longestLifeMs,
  longestTimerMs,
  type NumberRule,
  ResourceBag,
  timerRule,
} from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { ManualClock, numericOption, type NumericOptionTest } from '@flowport/capabilities/testing'
import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { blobBody, jsonBody, multipartBody, streamBody } from './body.ts'
import { deliverBatch } from './delivery/batch.ts'
import { loadFlow } from './files/load.ts'
import { flow } from './flow.ts'
import { type BodyLimits, checkedBodyLimits } from './http/body-limits.ts'
import { checkHandleOptions } from './http/handle-options.ts'
import { checkSweepOption } from './http/upload-sweeper.ts'
import { node } from './node.ts'
import { createRuntime } from './runtime/runtime.ts'
import { timerPerRun } from './runtime/deadlines.ts'
import { cron, http, manual, queue } from './trigger.ts'
import { validateFlow } from './validate/validate.ts'

const input = z.object({})
const key = () => 'key'
const bytes = countOrInfinityRule(0)
const life = { ...lifeRule, unit: 'milliseconds' }
const bodyLimits = 'BodyLimits'
const anyTypeError = { name: 'TypeError' }
const work = node('work', { input, run: () => ({}) })

/** The diagnostics of a step with these options, as an error. */
function stepWith(options: object): void {
  const made = flow('f', {
    version: '1.0.0',
    trigger: manual({ input }),
    graph: (message, step) => step(work, message, options),
  })
  const errors = validateFlow(made).filter(({ severity }) => severity === 'error')
  if (errors.length > 0) throw new TypeError(errors.map(({ message }) => message).join('; '))
}

function keyed(idempotency: object): unknown {
  const uses = { kv: 'write' } as const
  return node('keyed', {
    input,
    uses,
    idempotency: { key, unknown: 'never', ...idempotency },
    run: () => ({}),
  })
}

describe('numbers of flows, bindings and runtimes', () => {
  const yaml = 'name: f\nversion: 1.0.0\nnodes: {}\n'
  const tests: readonly NumericOptionTest[] = [
    { name: 'HttpOptions.deadline', rule: life, take: (deadline) => http.get('/a', { input, deadline }) },
    { name: 'QueueOptions.deadline', rule: life, take: (deadline) => queue('q', { input, deadline }) },
    { name: 'CronOptions.deadline', rule: life, take: (deadline) => cron('0 3 * * *', { deadline }) },
    {
      name: 'QueueOptions.backoff',
      rule: { ...life, isAbove: false },
      take: (backoff) => queue('q', { input, backoff }),
    },
    {
      name: 'QueueOptions.maxAttempts',
      rule: countRule(1, 1024),
      take: (maxAttempts) => queue('q', { input, maxAttempts }),
    },
    {
      name: 'QueueOptions.concurrency',
      rule: countRule(1, 1024),
      take: (concurrency) => queue('q', { input, concurrency }),
    },
    { name: 'KeyOptions.ttl', rule: life, take: (ttl) => keyed({ ttl }) },
    { name: 'KeyOptions.lease', rule: life, take: (lease) => keyed({ lease }) },
    { name: 'EdgeOptions.timeout', rule: life, take: (timeout) => stepWith({ timeout }) },
    {
      name: 'EdgeOptions.buffer.maxItems',
      rule: countRule(),
      take: (maxItems) => stepWith({ buffer: { maxItems } }),
    },
    {
      name: 'EdgeOptions.buffer.spillThresholdBytes',
      rule: countRule(0),
      take: (spillThresholdBytes) => stepWith({ buffer: { maxItems: 1, spillThresholdBytes } }),
      // Alone it is no use, which is a warning's matter.
      fitting: [],
    },
    {
      name: 'StepOptions.retry.maxAttempts',
      rule: countRule(1, 1024),
      take: (maxAttempts) => stepWith({ retry: { maxAttempts } }),
    },
    {
      name: 'StepOptions.retry.backoff',
      rule: { ...life, isAbove: false },
      take: (backoff) => stepWith({ retry: { maxAttempts: 2, backoff } }),
    },
    { name: 'jsonBody.maxBytes', rule: countRule(0), take: (maxBytes) => jsonBody({ maxBytes }) },
    { name: 'BlobBodyOptions.maxBytes', rule: bytes, take: (maxBytes) => blobBody('f', { key, maxBytes }) },
    { name: 'streamBody.maxBytes', rule: bytes, take: (maxBytes) => streamBody('f', { maxBytes }) },
    {
      name: 'MultipartBodyOptions.maxFiles',
      rule: bytes,
      take: (maxFiles) => multipartBody('f', { key, maxFiles }),
    },
    {
      name: 'MultipartBodyOptions.maxFileBytes',
      rule: bytes,
      take: (maxFileBytes) => multipartBody('f', { key, maxFileBytes }),
    },
    {
      name: 'MultipartBodyOptions.maxFields',
      rule: bytes,
      take: (maxFields) => multipartBody('f', { key, maxFields }),
    },
    {
      name: 'MultipartBodyOptions.maxFieldBytes',
      rule: countRule(0),
      take: (maxFieldBytes) => multipartBody('f', { key, maxFieldBytes }),
    },
    {
      name: 'RuntimeOptions.maxConcurrency',
      rule: countRule(),
      take: (maxConcurrency) => createRuntime(ResourceBag.empty(), { maxConcurrency }),
    },
    {
      name: 'RuntimeOptions.drainMs',
      rule: timerRule(),
      take: (drainMs) => createRuntime(ResourceBag.empty(), { drainMs }),
    },
    {
      name: 'RuntimeOptions.deadlineMs',
      rule: life,
      take: (deadlineMs) => createRuntime(ResourceBag.empty(), { deadlineMs }),
    },
    {
      name: 'HandleOptions.deadlineMs',
      rule: life,
      take: (deadlineMs) => checkHandleOptions({ deadlineMs }),
      refusal: { name: 'RangeError' },
    },
    ...Object.entries({
      jsonTimeoutMs: timerRule(1),
      uploadTimeoutMs: timerRule(1),
      minBytesPerSecond: countRule(0),
      rateWindowMs: timerRule(1),
      maxHeldBytes: countOrInfinityRule(),
    } satisfies Record<keyof BodyLimits, NumberRule>).map(([option, rule]) => ({
      name: `${bodyLimits}.${option}`,
      rule,
      take: (value: number) => checkedBodyLimits({ [option]: value }),
      refusal: { name: 'RangeError' },
    })),
    {
      name: 'SweepOption.sweepUploadsAfterMs',
      rule: { ...life, isAbove: false, min: 60_000 },
      take: (sweepUploadsAfterMs) => checkSweepOption({ sweepUploadsAfterMs }),
      refusal: { name: 'RangeError' },
    },
    {
      name: 'DeliverBatchOptions.concurrency',
      rule: countRule(),
      take: (concurrency) => deliverBatch({} as never, {} as never, [], { concurrency }),
    },
    {
      name: 'LoadFlowOptions.maxBytes',
      rule: countRule(),
      take: (maxBytes) => loadFlow(yaml, { maxBytes }),
      fitting: [],
    },
  ]
  for (const test of tests) numericOption({ refusal: anyTypeError, ...test })

  it('an invalid Date is no deadline', async () => {
    const runtime = createRuntime(ResourceBag.empty())
    const made = flow('f', {
      version: '1.0.0',
      trigger: manual({ input }),
      graph: (m, step) => step(work, m),
    })
    await expect(runtime.invoke(made, { input: {}, deadline: new Date(Number.NaN) })).rejects.toThrow(
      'deadline',
    )
    await runtime.close()
  })
})

describe('waits of a runtime that one timer cannot hold', () => {
  it('a deadline in 68 years ends no run before', async () => {
    vi.useFakeTimers()
    try {
      let expired = 0
      const deadlines = timerPerRun(systemClock)
      const ms = 2 * longestTimerMs + 9
      const run = {
        deadline: Date.now() + ms,
        isSettled: false,
        stopTimer: undefined,
        expire: () => (expired += 1),
      }
      deadlines.watch(run)
      await vi.advanceTimersByTimeAsync(ms - 1)
      expect(expired).toBe(0)
      await vi.advanceTimersByTimeAsync(1)
      expect(expired).toBe(1)
      deadlines.watch({ ...run, deadline: Date.now() + longestLifeMs })
      await vi.advanceTimersByTimeAsync(longestTimerMs + 1)
      expect(expired).toBe(1)
    } finally {
      vi.useRealTimers()
    }
  })

  it('a step with a timeout of a month, and a long lease, are left alone', async () => {
    const clock = new ManualClock()
    const slow = node('slow', { input, run: () => new Promise((resolve) => setTimeout(resolve, 20, {})) })
    const made = flow('f', {
      version: '1.0.0',
      trigger: manual({ input }),
      graph: (m, step) => step(slow, m, { timeout: '30d' }),
    })
    const runtime = createRuntime(ResourceBag.empty(), { clock, drainMs: longestTimerMs })
    await expect(runtime.invoke(made, { input: {} })).resolves.toEqual({})
    await runtime.close()
  })
})
