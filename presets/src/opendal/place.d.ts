/** Where a call happens, for its errors. */
export interface Place {
  readonly capability: string
  readonly operation: string
  readonly key?: string | undefined
}
//# sourceMappingURL=place.d.ts.map
