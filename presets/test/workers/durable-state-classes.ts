/** The classes of the durable state tests: a state object with hooks, and a sequencer that writes down what it does. */
import {
  type AlarmInfo,
  type EventInfo,
  type ObjectSocket,
  Sequencer,
  type SequencerOptions,
  type SocketAcceptance,
} from '../../src/durable-state/objects.ts'
import { StateObject as Base } from '../../src/durable-state/objects.ts'

export class StateObject extends Base {
  /** Another one each time the object wakes. */
  readonly life: string = crypto.randomUUID()

  override onAlarm({ scheduledTime }: AlarmInfo): void {
    this.entries.put('alarm', { scheduledTime })
  }

  override onWebSocketUpgrade(request: Request): SocketAcceptance | Response {
    const user = new URL(request.url).searchParams.get('user')
    if (user === null) return new Response('who is there?', { status: 401 })
    return { attachment: { user }, tags: ['chat'] }
  }

  override onWebSocketMessage(socket: ObjectSocket, message: string | ArrayBuffer): void {
    const { user } = this.sockets.attachment(socket) as { user: string }
    for (const other of this.sockets.withTag('chat')) other.send(`${user}: ${String(message)}`)
  }

  override onWebSocketClose(_socket: ObjectSocket, code: number): void {
    this.entries.put('closed', code)
  }

  lifeNow(): string {
    return this.life
  }

  /** A read-modify-write of the object's own code, in one step. */
  add(key: string, amount: number): number {
    return this.entries.transaction(() => {
      const sum = ((this.entries.get(key) as number | null) ?? 0) + amount
      this.entries.put(key, sum)
      return sum
    })
  }
}

export interface Job {
  readonly n: number
  /** How many attempts fail before one succeeds. Default 0. */
  readonly failures?: number
}

export class TestSequencer extends Sequencer<Job> {
  readonly journal: string[] = []
  /** Events in the order their calls arrived. */
  readonly arrived: number[] = []
  running = 0
  mostRunning = 0
  /** Milliseconds the object's clock is ahead. */
  ahead = 0
  timeoutMs = 60_000
  /** Options that take the place of the class's own. */
  changed: SequencerOptions = {}
  /** Held attempts wait until it resolves. */
  gate: Promise<void> = Promise.resolve()

  override async handle({ n, failures = 0 }: Job, { attempt, signal }: EventInfo): Promise<void> {
    this.running += 1
    this.mostRunning = Math.max(this.mostRunning, this.running)
    this.journal.push(`begin ${n} attempt ${attempt}`)
    try {
      await Promise.race([this.gate, aborted(signal)])
      await new Promise((resolve) => setTimeout(resolve, n % 3))
      signal.throwIfAborted()
      if (attempt <= failures) throw new Error(`no luck with ${n}`)
      this.journal.push(`end ${n}`)
    } finally {
      this.running -= 1
    }
  }

  override sequenceEnqueue(id: string, event: string): ReturnType<Sequencer['sequenceEnqueue']> {
    this.arrived.push((JSON.parse(event) as Job).n)
    return super.sequenceEnqueue(id, event)
  }

  override options(): SequencerOptions {
    return {
      maxAttempts: 3,
      retryBaseMs: 60_000,
      rememberMs: 3_600_000,
      timeoutMs: this.timeoutMs,
      ...this.changed,
    }
  }

  override now(): number {
    return Date.now() + this.ahead
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
}
