/** Serves a Worker in workerd for tests and measurements on Node. Needs the packages `esbuild` and `workerd`. */
export {
  giveUpHeader,
  type RunningWorkerd,
  serveWorkerd,
  type ServeWorkerdOptions,
} from './lib/testing/workerd.ts'
