// The one Node module this package uses, as Node, workerd, Deno and Bun have it. Declared here, because the types of Node
// as a whole would let code that must run everywhere use what only Node has.
declare module 'node:async_hooks' {
  export class AsyncLocalStorage<T> {
    getStore(): T | undefined
    run<R>(store: T, fn: () => R): R
  }
}
