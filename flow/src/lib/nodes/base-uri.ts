/** What a URI without a scheme means to the ready nodes: a place below the base they are told. */

/** Whether the text names its scheme, as `opfs://data/x.csv` does. */
export function hasScheme(uri: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(uri)
}

/** `data/x.csv` below `opfs://` is `opfs://data/x.csv`; what has a scheme, or where no base is told, stays as it is. */
export function withBase(uri: string, base: string | undefined): string {
  return base === undefined || hasScheme(uri) ? uri : base + uri
}
