/** The class of `durable-partitions`: re-export it from the Worker's main module. */
export { PartitionObject } from './partition-object.ts'
