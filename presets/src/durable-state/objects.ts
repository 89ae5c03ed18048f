/** The classes of `durable-state`: re-export `StateObject`, or what extends it, from the Worker's main module. */
export { type AlarmInfo, StateObject } from './state-object.ts'
export type { ObjectEntries } from './object-entries.ts'
export type { ObjectSocket, ObjectSockets, SocketAcceptance } from './sockets.ts'
export { type EventInfo, Sequencer, type SequencerOptions } from './sequencer.ts'
