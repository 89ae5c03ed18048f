/**
 * Removes every possible secret from a text of OpenDAL or of a service. Each step takes linear time, and the text is cut
 * before the first: services put whole pages into their errors.
 */
/** The text without credentials of URLs, query strings, headers and values named like secrets; one line, cut to 600 characters. */
export declare function redactText(text: string): string
//# sourceMappingURL=redact.d.ts.map
