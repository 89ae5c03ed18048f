/** The classes of `durable-state`: re-export `StateObject`, or what extends it, from the Worker's main module. */
export { type AlarmInfo, StateObject } from './lib/durable-state/state-object.ts'
export type { ObjectEntries } from './lib/durable-state/object-entries.ts'
export type { ObjectSocket, ObjectSockets, SocketAcceptance } from './lib/durable-state/sockets.ts'
export { type EventInfo, Sequencer, type SequencerOptions } from './lib/durable-state/sequencer.ts'
