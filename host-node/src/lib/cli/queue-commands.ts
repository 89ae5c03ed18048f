/** Adds `queue dead` and `queue redrive` to the command line. */
import type { App } from '@flowport/flow'
import type { Command } from 'commander'
import type { Console } from './console.ts'
import { type DeadOptions, queueDead, queueRedrive, type RedriveCommandOptions } from './queue.ts'

interface Parts {
  readonly out: Console
  /** Runs the work with the app that the command line names. */
  readonly withApp: (work: (app: App) => Promise<number>) => Promise<void>
  readonly wholeNumber: (text: string) => number
}

export function addQueueCommands(program: Command, { out, withApp, wholeNumber }: Parts): void {
  const queue = program
    .command('queue')
    .description('list the dead letters of a queue, and move them back to be delivered')
    .addHelpText(
      'after',
      '\nExample:\n  flowport queue dead orders\n  flowport queue redrive orders --id 17 --id 18\n  flowport queue redrive orders --all',
    )

  queue
    .command('dead')
    .argument('<queue>', 'name of the queue, as in its trigger')
    .description('show the messages that were set aside')
    .option('--profile <name>', 'default: FLOWPORT_PROFILE, else local')
    .option('--limit <letters>', 'at most so many letters, 1 or more', wholeNumber, 100)
    .option('--cursor <cursor>', 'go on where a list ended')
    .option('--json', 'print one JSON document')
    .action((name: string, options: DeadOptions) => withApp((app) => queueDead(app, name, options, out)))

  queue
    .command('redrive')
    .argument('<queue>', 'name of the queue, as in its trigger')
    .description('move dead letters back: they are delivered again, from the first attempt')
    .option(
      '--id <id>',
      'a letter to move; may be given more than once',
      (id: string, ids: string[] = []) => [...ids, id],
    )
    .option('--all', 'move every letter that is dead now')
    .option('--profile <name>', 'default: FLOWPORT_PROFILE, else local')
    .option('--json', 'print one JSON document')
    .action((name: string, options: RedriveCommandOptions) =>
      withApp((app) => queueRedrive(app, name, options, out)),
    )
}
