import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Heap } from './heap.ts'

it('Heap gives its items smallest first, whatever was put in and taken out before', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.integer(), fc.constant(null))), (steps) => {
      const heap = new Heap<number>((a, b) => a < b)
      const model: number[] = []
      for (const step of steps) {
        if (step === null) expect(heap.pop()).toBe(model.shift())
        else {
          heap.push(step)
          model.push(step)
          model.sort((a, b) => a - b)
        }
        expect(heap.size).toBe(model.length)
        expect(heap.peek()).toBe(model[0])
      }
      heap.retain((item) => item % 2 === 0)
      const kept = model.filter((item) => item % 2 === 0)
      expect(Array.from({ length: heap.size }, () => heap.pop())).toEqual(kept)
    }),
  )
})
