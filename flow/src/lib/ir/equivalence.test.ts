import { ResourceBag } from '@flowport/capabilities'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { AnyFlow } from '../flow.ts'
import { flow } from '../flow.ts'
import type { AnyRef } from '../graph/ref.ts'
import { node } from '../node.ts'
import { createRuntime } from '../runtime/runtime.ts'
import { opaque } from '../schema.ts'
import { manual } from '../trigger.ts'
import { validateFlow } from '../validate/validate.ts'
import { toDot } from './dot.ts'
import { toIr } from './export.ts'
import { type FlowIr, identifiers } from './ir.ts'
import { toMermaid } from './mermaid.ts'

/** By surface, such as `s0`, the label of the arm to take. */
type Choices = Readonly<Record<string, string>>

interface LooseStep {
  (
    target: unknown,
    from: unknown,
    options: { readonly alias: string; readonly after?: readonly AnyRef[] },
  ): AnyRef
  params(template: unknown): AnyRef
  at(from: AnyRef, pointer: string): AnyRef
  switch(
    from: AnyRef,
    pointer: string,
    cases: Readonly<Record<string, (value: AnyRef) => AnyRef>>,
    otherwise: (value: AnyRef) => AnyRef,
    options: { readonly alias: string },
  ): AnyRef
}

const maxSurfaces = 4

/** A flow built from a tape of numbers: any nesting, shared sources, joins, references leaked out of arms. */
function flowFrom(tape: readonly number[], ran: string[]): AnyFlow {
  let at = 0
  let made = 0
  let surfaces = 0
  const next = (bound: number) => (tape[at++] ?? 0) % bound
  const work = (alias: string) =>
    node(alias, {
      input: opaque<unknown>(),
      run: (input) => {
        ran.push(alias)
        // Joins come as objects of choices: any of them holds the choices themselves.
        return typeof input === 'object' && input !== null && 'left' in input ? input.left : input
      },
    })
  return flow('random', {
    trigger: manual({ input: opaque<Choices>() }),
    graph: (input, typed) => {
      const step = typed as unknown as LooseStep
      const block = (outer: AnyRef[], depth: number): AnyRef => {
        const pool = [...outer]
        const any = () => pool[next(pool.length)] as AnyRef
        const add = (ref: AnyRef) => {
          pool.push(ref)
          if (next(5) === 0) outer.push(ref)
          return ref
        }
        let last = any()
        for (let left = next(4); left > 0 && made < 40; left--) {
          const kind = next(depth > 3 || surfaces >= maxSurfaces ? 2 : 4)
          const alias = `n${made++}`
          if (kind === 0) last = add(step(work(alias), any(), { alias }))
          else if (kind === 1 && next(2) === 0) {
            const template = { left: any(), deep: [1, { of: step.at(any(), '/s0') }] }
            last = add(step(work(alias), step.params(template), { alias, after: [any()] }))
          } else if (kind === 1) last = add(step(work(alias), { left: any(), right: any() }, { alias }))
          else {
            const name = `s${surfaces++}`
            const arm = () => block(pool, depth + 1)
            const cases = next(2) === 0 ? { a: arm } : { a: arm, b: arm }
            last = add(step.switch(any(), `/${name}`, cases, arm, { alias: name }))
          }
        }
        return next(4) === 0 ? any() : last
      }
      return block([input], 0)
    },
  }) as AnyFlow
}

/** What an engine that knows only the IR would run: all inputs of a join, any input of a merge. */
function runIr(
  { nodes, edges, control_surfaces, metadata }: FlowIr,
  choices: Choices,
): { readonly ran: string[]; readonly answered: boolean } {
  const taken = (from: string, to: string) => {
    const surface = control_surfaces.find(({ config }) => config['source'] === from)
    if (surface === undefined || !surface.targets.includes(to)) return true
    const choice = choices[String(surface.config['selector_pointer']).slice(1)] ?? ''
    const cases = surface.config['cases'] as Readonly<Record<string, string>>
    return (cases[choice] ?? surface.config['default']) === to
  }
  const done = new Set(['trigger'])
  for (let before = -1; before !== done.size; ) {
    before = done.size
    for (const { alias, identifier, kind } of nodes) {
      const entering = edges.filter(({ to }) => to === alias)
      const fires = ({ from, to }: { from: string; to: string }) => done.has(from) && taken(from, to)
      const ready =
        identifier === identifiers.merge ? entering.some(fires) : entering.length > 0 && entering.every(fires)
      if (kind !== 'trigger' && ready) done.add(alias)
    }
  }
  const activities = nodes
    .filter(({ kind, alias }) => kind === 'activity' && done.has(alias))
    .map(({ alias }) => alias)
  return { ran: activities.toSorted(), answered: done.has(metadata.answer ?? '') }
}

function* everyChoice(ir: FlowIr): Iterable<Choices> {
  const names = ir.control_surfaces.map(({ id }) => id)
  for (let n = 0; n < 3 ** names.length; n++) {
    yield Object.fromEntries(
      names.map((name, at) => [name, ['a', 'b', 'z'][Math.floor(n / 3 ** at) % 3] as string]),
    )
  }
}

const tapes = fc.noBias(fc.array(fc.nat({ max: 1000 }), { minLength: 60, maxLength: 160 }))
const codesOf = (flow: AnyFlow) => validateFlow(flow).map(({ code }) => code)

describe('any flow', () => {
  it('runs the same steps as its IR, and is told when an answer can be missed', async () => {
    const seen = { safe: 0, unsafe: 0, separated: 0, headed: 0 }
    await fc.assert(
      fc.asyncProperty(tapes, async (tape) => {
        const ran: string[] = []
        const random = flowFrom(tape, ran)
        const ir = toIr(random)
        const runtime = createRuntime(ResourceBag.empty() as never)
        let always = true
        for (const choices of everyChoice(ir)) {
          ran.length = 0
          const answered = await runtime.invoke(random, { input: choices as never }).then(
            () => true,
            () => false,
          )
          expect(runIr(ir, choices)).toEqual({ ran: ran.toSorted(), answered })
          always &&= answered
        }
        seen[always ? 'safe' : 'unsafe']++
        if (ir.nodes.some(({ alias }) => alias.endsWith('.source'))) seen.separated++
        if (ir.nodes.some(({ alias }) => alias.endsWith('.entry'))) seen.headed++
        const answer = ir.metadata.answer
        const told = validateFlow(random).some(
          ({ code, location }) => code === 'DAG204' && location.node === answer,
        )
        // Where a step before the answer can never run, that step is told of instead.
        const dead = codesOf(random).includes('DAG204')
        if (told) expect(always).toBe(false)
        if (!always) expect(dead).toBe(true)
      }),
      { numRuns: 500 },
    )
    // The tapes reach what they are for.
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(20)
  })

  it('exports IR without structural faults, the same text every time', () => {
    fc.assert(
      fc.property(tapes, (tape) => {
        const random = flowFrom(tape, [])
        const structural = codesOf(random).filter((code) => !['DAG101', 'DAG204', 'DAG208'].includes(code))
        expect(structural).toEqual([])
        expect(JSON.stringify(toIr(random))).toBe(JSON.stringify(toIr(flowFrom(tape, []))))
        expect(toMermaid(random)).toBe(toMermaid(flowFrom(tape, [])))
        expect(toDot(random)).toBe(toDot(flowFrom(tape, [])))
      }),
    )
  })
})
