/** Stands in for the platform part of every provider that does not run on this runtime; `refusal` says what to use instead. */
export const platform = null
