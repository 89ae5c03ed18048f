/** The classes of faults a simulation can inject, and how often each fault of a class happens. */

/** How probable each fault is: of a message, or at each message a process sends. */
export interface FaultRates {
  /**
   * A message to the ledger never arrives; its sender gets a timeout. At most two in a row are lost, so that the third try of a
   * retry arrives; an outage loses more.
   */
  readonly ledgerRequestLost: number
  /** The ledger does what it is asked; its answer never arrives. */
  readonly ledgerAnswerLost: number
  /** No message reaches the ledger from now on, for up to three leases. */
  readonly ledgerOutage: number
  /** A message to the ledger arrives a second time, up to two leases later. */
  readonly ledgerTwice: number
  /** The ledger answers 429 or 503 and does nothing, at most twice in a row. */
  readonly ledgerRefuses: number
  /** Messages take up to 400 ms in place of 20, and at most a seventh of the lease, so that later ones overtake them. */
  readonly reordered: number
  /** A write to a store or a sink never arrives; its sender gets a timeout. */
  readonly writeLost: number
  /** A write is made, and its connection breaks before the answer. */
  readonly writeReset: number
  /** A write is refused before it was sent: no connection. */
  readonly writeRefused: number
  /** A write is answered with 503, made or not. */
  readonly writeFails: number
  /** A write is answered with 429 and not made. */
  readonly writeThrottled: number
  /** A write arrives up to three leases late. */
  readonly writeLate: number
  /** The process ends within the next 40 ms, wherever it is. */
  readonly crash: number
  /** The process stops within the next 40 ms, for up to three leases; its clocks go on. */
  readonly pause: number
  /** As `pause`, with the monotonic clock standing still: a machine that sleeps. */
  readonly suspend: number
  /** The wall clock of one process is set by an hour, forward or back. */
  readonly clockSet: number
  /** The handler of a keyed node throws before it does anything. */
  readonly errorBefore: number
  /** The handler of a keyed node throws when it has done everything. */
  readonly errorAfter: number
  /** The handler of a keyed node throws a `problem()` when it has done everything. */
  readonly problemAfter: number
}

const calm: FaultRates = {
  ledgerRequestLost: 0,
  ledgerAnswerLost: 0,
  ledgerOutage: 0,
  ledgerTwice: 0,
  ledgerRefuses: 0,
  reordered: 0,
  writeLost: 0,
  writeReset: 0,
  writeRefused: 0,
  writeFails: 0,
  writeThrottled: 0,
  writeLate: 0,
  crash: 0,
  pause: 0,
  suspend: 0,
  clockSet: 0,
  errorBefore: 0,
  errorAfter: 0,
  problemAfter: 0,
}

/** Rates by class. `all` mixes every fault. */
const classes = {
  none: {},
  reordering: { reordered: 0.3 },
  'lost-ledger-requests': { ledgerRequestLost: 0.08 },
  'lost-ledger-answers': { ledgerAnswerLost: 0.08 },
  'ledger-outage': { ledgerOutage: 0.02 },
  'late-ledger-copies': { ledgerTwice: 0.08 },
  'ledger-refuses': { ledgerRefuses: 0.08 },
  crash: { crash: 0.04 },
  pause: { pause: 0.06 },
  suspend: { suspend: 0.06 },
  'clock-set': { clockSet: 0.05 },
  'effect-reset': { writeReset: 0.2 },
  'effect-lost': { writeLost: 0.2 },
  'effect-refused': { writeRefused: 0.1, writeThrottled: 0.1 },
  'effect-reset-then-refused': { writeReset: 0.2, writeRefused: 0.3, writeThrottled: 0.1 },
  'effect-503': { writeFails: 0.2 },
  'late-effect': { writeLate: 0.1, crash: 0.02 },
  'error-before-effect': { errorBefore: 0.2 },
  'error-after-effect': { errorAfter: 0.2 },
  'problem-after-effect': { problemAfter: 0.2 },
  'problem-after-pause': { problemAfter: 0.3, pause: 0.08 },
  all: {
    ledgerRequestLost: 0.02,
    ledgerAnswerLost: 0.02,
    ledgerOutage: 0.003,
    ledgerTwice: 0.01,
    ledgerRefuses: 0.02,
    reordered: 0.05,
    writeLost: 0.02,
    writeReset: 0.02,
    writeRefused: 0.03,
    writeFails: 0.01,
    writeThrottled: 0.02,
    writeLate: 0.02,
    crash: 0.02,
    pause: 0.02,
    suspend: 0.01,
    clockSet: 0.01,
    errorBefore: 0.03,
    errorAfter: 0.02,
    problemAfter: 0.02,
  },
} as const satisfies Readonly<Record<string, Partial<FaultRates>>>

export type FaultClass = keyof typeof classes

/** Every class, in the order of a report. */
export const faultClasses = Object.keys(classes) as readonly FaultClass[]

export function ratesOf(name: FaultClass): FaultRates {
  return { ...calm, ...classes[name] }
}

export function isFaultClass(name: string): name is FaultClass {
  return Object.hasOwn(classes, name)
}
