/** OpenDAL's own layers, with their options checked: some values abort the process, hang it, or mean something else. */
import type { Operator } from 'opendal'
import { CapabilityError } from '@flowport/capabilities'
import type { OpenDal } from './load.ts'
import { checkedInteger } from './driver-options.ts'

/** Makes an operator of another, over the same store. */
export type OpenDalLayer = (operator: Operator, opendal: OpenDal) => Operator

/** Operators whose calls OpenDAL itself may have sent more than once. */
const retrying = new WeakSet<Operator>()

/**
 * Whether OpenDAL's own retries are below the operator. Its last error then hides the tries before: a write may
 * have been applied by the first and refused by the second. A retry layer an app has put on an operator itself is not known.
 */
export function isRetrying(operator: Operator): boolean {
  return retrying.has(operator)
}

/** The layer when the condition holds, else one that changes nothing. */
export function layerIf(condition: boolean, layer: OpenDalLayer): OpenDalLayer {
  return condition ? layer : (operator) => operator
}

export interface NativeRetryOptions {
  /** Tries after the first, 0 to 20. Default 3. */
  readonly maxRetries?: number
  /** First pause in milliseconds, 1 to 60 000. Default 200. */
  readonly minDelayMs?: number
  /** Longest pause in milliseconds, at least `minDelayMs`, at most 600 000. Default 5000. */
  readonly maxDelayMs?: number
  /** Factor by which each pause is longer than the one before, 1 to 10. Default 2. */
  readonly factor?: number
  /** Spreads the pauses. Default true. */
  readonly jitter?: boolean
}

/**
 * OpenDAL's retries, below everything else: they also go on with a read that was cut off. A call that still fails is not retried again by a layer above. They know neither deadlines nor signals.
 */
export function nativeRetry({
  maxRetries = 3,
  minDelayMs = 200,
  maxDelayMs = 5_000,
  factor = 2,
  jitter = true,
}: NativeRetryOptions = {}): OpenDalLayer {
  checkedInteger('maxRetries', maxRetries, 0, 20)
  checkedInteger('minDelayMs', minDelayMs, 1, 60_000)
  checkedInteger('maxDelayMs', maxDelayMs, minDelayMs, 600_000)
  if (typeof factor !== 'number' || !(factor >= 1 && factor <= 10)) {
    // Below 1, OpenDAL panics with the first retry.
    throw new CapabilityError('Misconfigured', 'factor must be a number from 1 to 10', {
      details: { option: 'factor' },
    })
  }
  return (operator, opendal) => {
    const layer = new (present(opendal, 'RetryLayer'))()
    layer.maxTimes = maxRetries
    layer.minDelay = minDelayMs
    layer.maxDelay = maxDelayMs
    layer.factor = factor
    layer.jitter = jitter
    const made = operator.layer(layer.build())
    retrying.add(made)
    return made
  }
}

/**
 * At most `calls` operations at once, 2 to 1024. An object being read counts as one for as long as its reader is open:
 * as many readers as calls, waiting for each other, would wait for ever. Keep it well above the streams open at once.
 */
export function nativeConcurrency(calls: number): OpenDalLayer {
  // 0 hangs every call, 1 hangs the second call of a reader.
  checkedInteger('calls', calls, 2, 1024)
  return (operator, opendal) => operator.layer(new (present(opendal, 'ConcurrentLimitLayer'))(calls).build())
}

export interface NativeTimeoutOptions {
  /** Longest time a small call may take in milliseconds, 1 to 86 400 000. Default 60 000. */
  readonly timeoutMs?: number
  /** Longest time between two pieces of a transfer in milliseconds, 1 to 86 400 000. Default 30 000. */
  readonly ioTimeoutMs?: number
}

/** Ends calls of a service that keeps silent: without it, they wait for ever and hold the process. */
export function nativeTimeout({
  timeoutMs = 60_000,
  ioTimeoutMs = 30_000,
}: NativeTimeoutOptions = {}): OpenDalLayer {
  checkedInteger('timeoutMs', timeoutMs, 1, 86_400_000)
  checkedInteger('ioTimeoutMs', ioTimeoutMs, 1, 86_400_000)
  return (operator, opendal) => {
    const layer = new (present(opendal, 'TimeoutLayer'))()
    layer.timeout = timeoutMs
    layer.ioTimeout = ioTimeoutMs
    return operator.layer(layer.build())
  }
}

/** The layers around the operator, outermost first. OpenDAL itself takes them innermost first. */
export function layered(operator: Operator, layers: readonly OpenDalLayer[], opendal: OpenDal): Operator {
  return layers.reduceRight((inner, layer) => {
    const outer = layer(inner, opendal)
    if (retrying.has(inner)) retrying.add(outer)
    return outer
  }, operator)
}

/** Older releases export fewer layers. */
function present<L extends 'RetryLayer' | 'ConcurrentLimitLayer' | 'TimeoutLayer'>(
  opendal: OpenDal,
  name: L,
): OpenDal[L] {
  const layer: OpenDal[L] | undefined = opendal[name]
  if (layer !== undefined) return layer
  throw new CapabilityError('Unsupported', `this version of opendal has no ${name}: install a newer one`, {
    code: 'OPENDAL_NO_LAYER',
  })
}
