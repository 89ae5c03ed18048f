/** The parts of a multipart form, and how many and how large they may be. */

export interface FormLimits {
  readonly maxFiles: number
  readonly maxFields: number
  /** Bytes. The store that takes a file bounds the file. */
  readonly maxFieldBytes: number
}

export type FormPart =
  | { readonly kind: 'field'; readonly name: string; readonly value: string }
  | {
      readonly kind: 'file'
      /** Name of the form field. */
      readonly field: string
      /** As the client sent it. */
      readonly filename: string
      readonly contentType: string
      /** Must be read before the next part comes; what is left unread is skipped. */
      readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>
    }
