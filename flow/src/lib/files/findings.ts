/** Collects everything that is wrong with a flow file, each with its line and column. */
import type { LineCounter } from 'yaml'
import type { DiagnosticCode } from '../diagnostics/codes.ts'
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts'

/** More of them nobody reads; a file may have been made to have many. */
const most = 100

export class Findings {
  /** Name of the flow, once it is known. */
  flow = ''
  readonly #file: string | undefined
  readonly #lines: LineCounter
  readonly #found: { readonly offset: number; readonly one: Diagnostic }[] = []

  constructor(file: string | undefined, lines: LineCounter) {
    this.#file = file
    this.#lines = lines
  }

  /** `offset` is that of the character in the text; `node` the name of the node concerned. */
  add(
    code: DiagnosticCode,
    offset: number,
    message: string,
    { node, hint }: { node?: string; hint?: string } = {},
  ): void {
    const { line, col } = this.#lines.linePos(offset)
    const one = diagnostic({
      code,
      message,
      location: {
        flow: this.flow,
        ...(node === undefined ? {} : { node }),
        ...(this.#file === undefined ? {} : { file: this.#file }),
        line: Math.max(line, 1),
        column: Math.max(col, 1),
      },
      ...(hint === undefined ? {} : { hint }),
    })
    this.#found.push({ offset, one })
  }

  get any(): boolean {
    return this.#found.length > 0
  }

  /** In the order of the text, the first hundred of them. */
  all(): readonly Diagnostic[] {
    const sorted = this.#found.toSorted((a, b) => a.offset - b.offset)
    return sorted.slice(0, most).map(({ one }) => one)
  }
}
