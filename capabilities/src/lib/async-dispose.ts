/// <reference lib="esnext.disposable" preserve="true" />
/**
 * What `await using` calls: `Symbol.asyncDispose`, or what transpilers use in its place where a browser has none yet
 * (Safari, Firefox before 141).
 */
export const asyncDispose: typeof Symbol.asyncDispose =
  Symbol.asyncDispose ?? (Symbol.for('Symbol.asyncDispose') as typeof Symbol.asyncDispose)
