/** Declares the commands and options of `flowport`, and runs the one that the arguments name. */
import { readFileSync } from 'node:fs'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { faults } from '../certify/options.ts'
import { certifyFlow, type CertifyCommandOptions } from './certify.ts'
import { check, type CheckOptions } from './check.ts'
import { CommandError, type CommandHost, Console, exitCodes } from './console.ts'
import { graph, graphFormats, type GraphOptions } from './graph.ts'
import { inspect, type InspectOptions } from './inspect.ts'
import {
  ledgerList,
  ledgerSettle,
  ledgerShow,
  type ListOptions,
  type SettleOptions,
  type ShowOptions,
} from './ledger.ts'
import { loadApp } from './load-app.ts'
import { addQueueCommands } from './queue-commands.ts'
import { run, type RunOptions } from './run.ts'
import { simulateFlow, type SimulateOptions } from './simulate.ts'

/** Runs one command. Resolves to its exit code; never rejects. */
export async function runCommand(args: readonly string[], host: CommandHost): Promise<number> {
  const out = new Console(host)
  let exitCode: number = exitCodes.ok
  const program = build(out, async (work) => {
    const { app } = program.opts<{ app?: string }>()
    exitCode = await work(app)
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    if (error instanceof CommandError) {
      out.note(`error: ${error.message}`)
      return error.exitCode
    }
    out.note(`internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    return exitCodes.internal
  }
}

type Work = (app: string | undefined) => Promise<number> | number

function build(out: Console, perform: (work: Work) => Promise<void>): Command {
  const { host } = out
  const load = (path: string | undefined) => loadApp(path, host.cwd())
  const program = new Command('flowport')
    .description(
      'Check, inspect, draw and run the flows of a Flowport app; settle its ledger, redrive its queues.',
    )
    .version(ownVersion(), '--version', 'print the version')
    .option(
      '--app <file>',
      'module whose default export is the app (default: package.json "flowport.app", src/app.ts, …)',
    )
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void host.stdout.write(text),
      writeErr: (text) => void host.stderr.write(text),
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showHelpAfterError('(flowport --help lists the commands)')
    .addHelpText(
      'after',
      '\nExit codes: 0 fine, 1 findings or a failed run, 2 wrong usage, 3 the app cannot be loaded.',
    )

  program
    .command('check')
    .description('validate every flow and check it against the profiles, without opening anything')
    .option('--profile <name>', 'check only this profile, including its environment variables')
    .option('--strict', 'warnings count as errors')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExample:\n  flowport check --strict                 in CI, all profiles\n  flowport check --profile production     on the machine that will serve it',
    )
    .action((options: CheckOptions) => perform(async (app) => check(await load(app), options, out)))

  program
    .command('inspect')
    .description('show routes, bindings with their guarantees, and variables of a profile')
    .option('--profile <name>', 'default: FLOWPORT_PROFILE, else local')
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExample:\n  flowport inspect --profile production')
    .action((options: InspectOptions) => perform(async (app) => inspect(await load(app), options, out)))

  program
    .command('graph')
    .argument('<flow>', 'name of the flow')
    .description('draw a flow, or export it')
    .addOption(new Option('--format <format>', 'what to print').choices(graphFormats).default('mermaid'))
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExample:\n  flowport graph tickets --format mermaid\n  flowport graph tickets --format ir > tickets.json',
    )
    .action((flow: string, options: GraphOptions) =>
      perform(async (app) => graph(await load(app), flow, options, out)),
    )

  program
    .command('run')
    .argument('<flow>', 'name of the flow')
    .description('run a flow on a profile and print its answer; stream items are printed as they arrive')
    .option('--input <json>', 'the input: JSON, @file, or - for standard input')
    .option('--body <file>', 'the raw body, for flows that accept one: a file, or - for standard input')
    .option('--profile <name>', 'default: FLOWPORT_PROFILE, else local')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExample:\n  flowport run echo --input \'{"value":" hello  world "}\'\n  flowport run imports --body rows.csv',
    )
    .action((flow: string, options: RunOptions) =>
      perform(async (app) => run(await load(app), flow, options, out)),
    )

  addQueueCommands(program, {
    out,
    wholeNumber,
    withApp: async (work) => perform(async (path) => work(await load(path))),
  })

  const ledger = program
    .command('ledger')
    .description('list, show and settle the keys whose effect began and whose outcome is unknown')
    .addHelpText(
      'after',
      '\nExample:\n  flowport ledger list\n  flowport ledger show post-order/charge:7\n' +
        '  flowport ledger settle post-order/charge:7 --fence 1790000000000 --done \'{"chargeId":"ch_1"}\' --any-caller --by anna --why \'the bank has it\'\n' +
        "  flowport ledger settle post-order/charge:7 --fence 1790000000000 --not-done --by anna --why 'the bank refused it'",
    )

  ledger
    .command('list')
    .description('show the unknown keys of a profile')
    .option('--profile <name>', 'default: FLOWPORT_PROFILE, else local')
    .option('--limit <keys>', 'maximum number of keys', wholeNumber, 100)
    .option('--cursor <cursor>', 'continue after an earlier list')
    .option('--json', 'print one JSON document')
    .action((options: ListOptions) => perform(async (app) => ledgerList(await load(app), options, out)))

  ledger
    .command('show')
    .argument('<key>', 'the key: FLOW/NODE:KEY for a node of the app')
    .description('show the state of a key')
    .option('--bytes', 'the key is bytes, in base64url')
    .option('--reveal', 'show the request and the result, which may hold what callers sent')
    .option('--profile <name>', 'default: FLOWPORT_PROFILE, else local')
    .option('--json', 'print one JSON document')
    .action((key: string, options: ShowOptions) =>
      perform(async (app) => ledgerShow(await load(app), key, options, out)),
    )

  ledger
    .command('settle')
    .argument('<key>', 'the key: FLOW/NODE:KEY for a node of the app')
    .description('record how the effect of an unknown key ended')
    .requiredOption('--fence <number>', 'the fence that list or show printed', wholeNumber)
    .option('--done <json>', 'the effect was made; the result: JSON, @file, or - for standard input')
    .option(
      '--caller <principal>',
      'with --done: the caller of the request, if the ledger does not know it; other callers do not get the result',
    )
    .option('--any-caller', 'with --done: the request had no principal, and every caller may get the result')
    .option('--not-done', 'the effect was not made and can no longer be made by its holder')
    .requiredOption('--by <name>', 'who settles the key')
    .requiredOption('--why <text>', 'how the outcome is known')
    .option('--bytes', 'the key is bytes, in base64url')
    .option('--profile <name>', 'default: FLOWPORT_PROFILE, else local')
    .option('--json', 'print one JSON document')
    .action((key: string, options: SettleOptions) =>
      perform(async (app) => ledgerSettle(await load(app), key, options, out)),
    )

  program
    .command('simulate')
    .argument('<flow>', 'name of the flow')
    .description('run a flow through seeded schedules of crashes, pauses, lost messages and other faults')
    .option('--with <file>', 'module with the simulation (default: simulations/<flow>.ts or .js)')
    .option('--seeds <count>', 'number of schedules for each class of faults', wholeNumber, 100)
    .option('--first-seed <number>', 'the first seed; the others follow', wholeNumber, 1)
    .option('--faults <classes>', 'classes of faults, separated by commas (default: all)')
    .addOption(
      new Option('--unknown <policy>', 'override the `unknown` policy of the nodes').choices([
        'never',
        'again',
      ]),
    )
    .option('--replay <text>', 'repeat one schedule: the text that a failure printed')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExample:\n  flowport simulate post-order --seeds 10000\n  flowport simulate post-order --faults crash,pause --with test/orders.simulation.ts',
    )
    .action((flow: string, options: SimulateOptions) =>
      perform(async (app) => simulateFlow(await load(app), flow, options, out)),
    )

  program
    .command('certify')
    .argument('<flow>', 'name of the flow')
    .description('make the real effects of a flow under kills, stops and storms, and count them')
    .option('--effects', 'confirm that real effects are made and not undone')
    .option('--with <file>', 'module with payload and observer (default: certifications/<flow>.ts or .js)')
    .option('--input <json>', 'the payload, instead of a module; {key} is replaced by the key')
    .option(
      '--count <url>',
      'with --input: URL that returns the number of effects for {key}; #/pointer selects it in the JSON',
    )
    .option('--profile <name>', 'default: FLOWPORT_PROFILE, else local')
    .option('--attempts <count>', 'number of attempts per fault (default: 1)', wholeNumber)
    .option('--concurrency <count>', 'concurrent calls of one key (default: 64)', wholeNumber)
    .option('--faults <names>', `faults to try, separated by commas: ${faults.join(', ')} (default: all)`)
    .option(
      '--max-points <count>',
      'maximum number of points at which a run is killed or stopped (default: 32)',
      wholeNumber,
    )
    .option('--lease <ms>', 'lease of keys in milliseconds, instead of the declared one', wholeNumber)
    .option('--time-limit <seconds>', 'fail after this many seconds (default: 300)', wholeNumber)
    .option('--report <file>', 'write the report as JSON, to commit and compare')
    .option('--strict', 'warnings count as errors')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nExample:\n  flowport certify post-order --effects --report certifications/post-order.json\n' +
        '  flowport certify post-order --effects --input \'{"orderId":"{key}","amountCents":1}\' --count \'http://127.0.0.1:4174/charges/{key}#/charges\'',
    )
    .action((flow: string, options: CertifyCommandOptions) =>
      perform(async (path) => certifyFlow({ app: await load(path), path }, flow, options, out)),
    )

  return program
}

/** The relative path to `package.json` is the same from `src` and from `dist`. */
function ownVersion(): string {
  const manifest = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { readonly version: string }).version
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value
  throw new InvalidArgumentError('It must be a whole number.')
}
