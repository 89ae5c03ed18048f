import { describe, expect, expectTypeOf, it } from 'vitest'
import * as z from 'zod'
import { FlowDefinitionError } from '../diagnostics/diagnostic.ts'
import { flow } from '../flow.ts'
import { node } from '../node.ts'
import { manual } from '../trigger.ts'
import type { Ref } from './ref.ts'
import type { Step } from './step.ts'

const User = z.object({ id: z.string(), role: z.string() })

const save = node('save', {
  input: User,
  output: User,
  run: (user) => user,
})

const anything = node('anything', { input: z.unknown(), output: z.unknown(), run: (value) => value })

type Build = (user: Ref<{ id: string; role: string }, unknown>, step: Step) => unknown

/** What the definition of a flow reports. */
function defining(build: Build) {
  try {
    flow('users', {
      trigger: manual({ input: User }),
      graph: (user, step) => {
        build(user, step)
        return step(save, user)
      },
    })
  } catch (error) {
    if (error instanceof FlowDefinitionError) return error.diagnostics[0]
    throw error
  }
  return undefined
}

describe('using a reference as if it were the value', () => {
  const uses: readonly (readonly [title: string, use: string, instead: string, build: Build])[] = [
    [
      'spread into the input of a step',
      'is spread',
      'step.params',
      (user, step) =>
        // @ts-expect-error a spread reference is no reference
        step(save, { ...user, role: step.text`admin` }),
    ],
    [
      'spread with a constant',
      'is spread',
      'step.params',
      // @ts-expect-error a spread reference is no reference
      (user, step) => step(save, { ...user, role: 'user' }),
    ],
    [
      'spread inside step.params',
      'is spread',
      'step.params',
      // @ts-expect-error a spread reference is refused at any depth
      (user, step) => step(anything, step.params({ who: { ...user, role: 'user' } })),
    ],
    [
      'spread by itself',
      'is spread',
      'step.params',
      // @ts-expect-error a spread reference is no reference
      (user, step) => step(anything, { ...user }),
    ],
    [
      'spread into a list',
      'is iterated',
      'step.at',
      // @ts-expect-error a reference has no iterator
      (user, step) => step(anything, [...user]),
    ],
    [
      'serialized as JSON',
      'serialized as JSON',
      'step.params',
      (user, step) => step(anything, JSON.parse(JSON.stringify(user)) as Ref<unknown, unknown>),
    ],
    [
      'read at a field',
      'is read at "role"',
      'step.at(ref, "/role")',
      // @ts-expect-error a reference has no fields
      (user, step) => step(anything, user.role as Ref<unknown, unknown>),
    ],
    [
      'read at a field that a pointer must escape',
      'is read at "a/b"',
      'step.at(ref, "/a~1b")',
      (user) => (user as unknown as Record<string, unknown>)['a/b'],
    ],
    [
      'destructured',
      'is read at "id"',
      'step.at(ref, "/id")',
      (user) => {
        // @ts-expect-error a reference has no fields
        const { id } = user
        return id
      },
    ],
    ['used in a text', 'is used as text', 'step.text', (user) => `users/${String(user)}`],
    ['compared', 'is used as text', 'step.text', (user) => (user as unknown as string) > ''],
    ['asked for a field', 'is asked for "id"', 'step.if', (user) => 'id' in user],
    ['listed', 'keys are listed', 'step.params', (user) => Object.entries(user).map(([name]) => name)],
    [
      'written',
      'is written at "role"',
      'step.params',
      (user) => {
        // @ts-expect-error a reference has no fields
        user.role = 'admin'
      },
    ],
    [
      'merged by Object.assign',
      'is spread',
      'step.params',
      (user, step) => step(anything, Object.assign({ role: step.text`admin` }, user)),
    ],
  ]

  it.each(uses)('%s: throws when the flow is defined', (_title, use, instead, build) => {
    const found = defining(build)
    expect(found).toMatchObject({ code: 'DAG202', location: { flow: 'users', node: 'trigger' } })
    expect(found?.message).toContain('the reference to "trigger"')
    expect(found?.message).toContain(use)
    expect(found?.hint).toContain(instead)
  })

  it('names the step whose result it is', () => {
    const found = defining((user, step) => ({ ...step(save, user, { alias: 'kept' }) }))
    expect(found).toMatchObject({ location: { node: 'kept' } })
    expect(found?.message).toContain('the reference to "kept"')
  })

  it('holds for references that step.at, step.params and step.text make', () => {
    for (const made of [
      (user: Ref<{ id: string; role: string }, unknown>, step: Step) => step.at(user, '/id'),
      (user: Ref<{ id: string; role: string }, unknown>, step: Step) =>
        step.params({ id: step.at(user, '/id') }),
      (_user: unknown, step: Step) => step.text`x`,
    ]) {
      const found = defining((user, step) => ({ ...made(user, step) }))
      expect(found?.message).toContain('a reference made by step.params, step.at or step.text is spread')
    }
  })

  it('throws for a copy made by structuredClone', () => {
    expect(() => defining((user) => structuredClone(user))).toThrow(/could not be cloned/)
  })

  it('throws for a step without any reference in its input', () => {
    for (const nothing of [{}, []]) {
      const found = defining((_user, step) => step(anything, nothing))
      expect(found).toMatchObject({ code: 'DAG202', location: { flow: 'users', node: 'anything' } })
      expect(found?.hint).toContain('step.params')
    }
  })
})

describe('a reference of another flow', () => {
  it('names both flows and the step', () => {
    let stolen: Ref<{ id: string; role: string }, unknown> | undefined
    flow('owner', {
      trigger: manual({ input: User }),
      graph: (user, step) => {
        stolen = user
        return step(save, user)
      },
    })
    const other = stolen
    if (other === undefined) throw new Error('graph was not traced')
    const within: readonly Build[] = [
      (_user, step) => step(save, other, { alias: 'thief' }),
      (user, step) => step(anything, { user, other }, { alias: 'thief' }),
      (user, step) => step(anything, [user, other], { alias: 'thief' }),
      (_user, step) => step(anything, step.params({ deep: [other] }), { alias: 'thief' }),
      (_user, step) => step(anything, step.at(other, '/id'), { alias: 'thief' }),
      (user, step) => step(save, user, { alias: 'thief', after: [other] }),
    ]
    for (const build of within) {
      const found = defining(build)
      expect(found).toMatchObject({ code: 'DAG202', location: { flow: 'users' } })
      expect(found?.message).toContain('from a reference of another flow, "owner"')
      expect(found?.hint).toContain('its own steps')
    }
  })
})

describe('step.params', () => {
  it('adds fields to those of a value', () => {
    flow('users', {
      trigger: manual({ input: User }),
      graph: (user, step) => {
        const promoted = step.params({ id: step.at(user, '/id'), role: 'user' })
        expectTypeOf(promoted['~types']).toExtend<{ value: { readonly id: string } } | undefined>()
        return step(save, promoted)
      },
    })
  })
})
