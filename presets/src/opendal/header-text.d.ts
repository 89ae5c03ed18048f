/** User metadata as services take it: text beyond ASCII in encoded words of RFC 2047, names as Azure allows them. */
/** Names and values as the service takes them. */
export declare function toServiceMetadata(
  metadata: Readonly<Record<string, string>>,
  scheme: string,
): Record<string, string>
/** Names and values as they were given, names in lower case. */
export declare function fromServiceMetadata(
  metadata: Readonly<Record<string, string>> | null,
  scheme: string,
): Record<string, string>
//# sourceMappingURL=header-text.d.ts.map
