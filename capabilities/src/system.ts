export { systemClock } from './lib/system/clock.ts'
