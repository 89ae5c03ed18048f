/** Makes a flow of a flow file that has been read and found right: the same graph as code would describe. */
import { type AnyFlow, type FlowSpec, flow } from '../flow.ts'
import type { AnyRef, Joined, Ref } from '../graph/ref.ts'
import type { StepOptions } from '../graph/step.ts'
import type { AnyNode } from '../node.ts'
import type { TriggerSpec } from '../trigger.ts'
import { toPointer } from '../pointer.ts'
import type { FileNode } from './file-nodes.ts'
import type { FileTemplate, Reference } from './template-text.ts'

export interface FileFlow {
  readonly name: string
  readonly version: string | undefined
  readonly summary: string | undefined
  readonly tags: readonly string[]
  readonly trigger: TriggerSpec
  /** Each after what it reads. */
  readonly nodes: readonly FileNode[]
  readonly answer: FileTemplate
}

/** `Step` without the types: what fits was checked when the file was read. */
interface UntypedStep {
  (node: AnyNode, from: AnyRef, options: StepOptions): AnyRef
  if(
    from: AnyRef,
    pointer: string,
    then: () => AnyRef,
    otherwise: () => AnyRef,
    options: { readonly alias: string },
  ): AnyRef
  params(template: unknown): AnyRef
  at(from: AnyRef, pointer: string): AnyRef
  text(literals: TemplateStringsArray, ...values: readonly AnyRef[]): AnyRef
}

export function buildFlow({ name, version, summary, tags, trigger, nodes, answer }: FileFlow): AnyFlow {
  const spec: FlowSpec<unknown, unknown, Joined> = {
    ...(version === undefined ? {} : { version }),
    ...(summary === undefined ? {} : { summary }),
    tags,
    trigger,
    graph: (input, step) => {
      const builder = new Builder(input, step as unknown as UntypedStep)
      for (const node of nodes) builder.add(node)
      return builder.answer(answer)
    },
  }
  return flow(name, spec) as AnyFlow
}

class Builder {
  readonly #input: AnyRef
  readonly #step: UntypedStep
  readonly #states = new Map<string, AnyRef>()
  readonly #nodes = new Map<string, AnyRef>()

  constructor(input: Ref<unknown, unknown>, step: UntypedStep) {
    this.#input = input
    this.#step = step
  }

  add({ name, node, params, storeAs, after, condition, options }: FileNode): void {
    if (node === null) return
    const run = () =>
      this.#step(node, this.#params(params), {
        alias: name,
        ...(after.length === 0 ? {} : { after: after.flatMap((one) => this.#nodes.get(one.name) ?? []) }),
        ...options,
      })
    const value = condition === null ? run() : this.#branch(name, condition, run)
    this.#states.set(storeAs, value)
    this.#nodes.set(name, value)
  }

  answer(template: FileTemplate): AnyRef {
    return this.#params(template)
  }

  /** What is not run has the value `null`, so that what reads it can run. */
  #branch(
    name: string,
    { reference, wanted }: NonNullable<FileNode['condition']>,
    run: () => AnyRef,
  ): AnyRef {
    const { from, pointer } = this.#place(reference)
    const nothing = () => this.#step.params(null)
    const [then, otherwise] = wanted ? [run, nothing] : [nothing, run]
    return this.#step.if(from, pointer, then, otherwise, { alias: `${name}.if` })
  }

  #params(template: FileTemplate): AnyRef {
    const made = this.#made(template)
    return this.#step.params(made)
  }

  #made(template: FileTemplate): unknown {
    switch (template.kind) {
      case 'value':
        return template.value
      case 'reference':
        return this.#reference(template)
      case 'text': {
        const { literals, values } = this.#pieces(template.parts)
        return this.#step.text(Object.assign(literals, { raw: literals }), ...values)
      }
      case 'list':
        return template.items.map((item) => this.#made(item))
      case 'record':
        return Object.fromEntries([...template.fields].map(([name, field]) => [name, this.#made(field)]))
    }
  }

  #pieces(parts: readonly (string | Reference)[]): {
    readonly literals: string[]
    readonly values: readonly AnyRef[]
  } {
    const literals = ['']
    const values: AnyRef[] = []
    for (const part of parts) {
      if (typeof part === 'string') literals.push(`${literals.pop() ?? ''}${part}`)
      else {
        values.push(this.#reference(part))
        literals.push('')
      }
    }
    return { literals, values }
  }

  #reference(reference: Reference): AnyRef {
    const { from, pointer } = this.#place(reference)
    return pointer === '' ? from : this.#step.at(from, pointer)
  }

  #place({ of, name, pointer }: Reference): { readonly from: AnyRef; readonly pointer: string } {
    if (of === 'input')
      return { from: this.#input, pointer: name === null ? '' : toPointer([name]) + pointer }
    const from = this.#states.get(name ?? '')
    // Nodes come after what they read, and every name was checked.
    if (from === undefined) throw new Error(`state.${name ?? ''} is read before it is made`)
    return { from, pointer }
  }
}
