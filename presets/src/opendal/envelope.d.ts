import type { Place } from './place.ts'
/** The header as bytes, to be written before the content. */
export declare function sealed(header: unknown): Uint8Array<ArrayBuffer>
/** Header and content as one buffer. */
export declare function enveloped(header: unknown, content: Uint8Array): Uint8Array<ArrayBuffer>
/** Bytes from the start that hold the whole header, `null` when what is there is no envelope. At least 8 must be given. */
export declare function headerEnd(start: Uint8Array): number | null
/** The header; `Corrupt` when the bytes do not start with one. `start` must hold all of it. */
export declare function openedHeader(
  start: Uint8Array,
  where: Place,
): {
  readonly header: unknown
  readonly end: number
}
//# sourceMappingURL=envelope.d.ts.map
