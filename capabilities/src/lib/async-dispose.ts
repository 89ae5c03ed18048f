/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The method name that `await using` calls: `Symbol.asyncDispose`, or the symbol that transpilers use in browsers without it
 * (Safari, Firefox before 141).
 */
export const asyncDispose: typeof Symbol.asyncDispose =
  Symbol.asyncDispose ?? (Symbol.for('Symbol.asyncDispose') as typeof Symbol.asyncDispose)
