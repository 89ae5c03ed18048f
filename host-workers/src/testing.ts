/** For tests and measurements on Node: a Worker in workerd itself. Needs the packages `esbuild` and `workerd`. */
export {
  giveUpHeader,
  type RunningWorkerd,
  serveWorkerd,
  type ServeWorkerdOptions,
} from './lib/testing/workerd.ts'
