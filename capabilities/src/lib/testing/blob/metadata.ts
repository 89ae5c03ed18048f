/** Blob cases: content type and user metadata. */
import { expect } from 'vitest'
import { refused, type ConformanceGroup } from '../conformance.ts'
import { allOf, type BlobSubject, lacks, needs, opened } from './subject.ts'

export const metadata: ConformanceGroup<BlobSubject> = {
  name: 'content type and metadata',
  cases: [
    {
      name: 'the content type comes back as it was',
      skip: needs('contentType'),
      async run({ blob, eventually }) {
        const types = [
          'text/plain',
          'text/html; charset=utf-8',
          'application/vnd.x+json',
          'multipart/mixed; boundary="a b"',
        ]
        for (const [i, contentType] of types.entries()) await blob.put(`key/${i}`, 'value', { contentType })
        for (const [i, contentType] of types.entries()) {
          await eventually(async () => {
            expect((await blob.head(`key/${i}`))?.contentType).toBe(contentType)
            const handle = await opened(blob.get(`key/${i}`))
            expect(handle.object.contentType).toBe(contentType)
            await handle.cancel()
          })
        }
      },
    },
    {
      name: 'the type of a Blob is its content type, unless another is given',
      skip: needs('contentType'),
      async run({ blob, eventually }) {
        await blob.put('own', new Blob(['x'], { type: 'image/png' }))
        await blob.put('given', new Blob(['x'], { type: 'image/png' }), { contentType: 'image/gif' })
        await eventually(async () => {
          expect((await blob.head('own'))?.contentType).toBe('image/png')
          expect((await blob.head('given'))?.contentType).toBe('image/gif')
        })
      },
    },
    {
      name: 'a content type that could break a header is InvalidInput and stores nothing',
      skip: needs('write'),
      async run({ blob }) {
        for (const contentType of [
          '',
          ' ',
          'text/plain\r\nx: y',
          'text/\nplain',
          'text/pläin',
          'a\0b',
          ' text/plain',
        ]) {
          await refused(blob.put('key', 'value', { contentType }), 'InvalidInput')
        }
        expect(await blob.head('key')).toBeNull()
      },
    },
    {
      name: 'metadata comes back as it was, unicode values too',
      skip: needs('metadata'),
      async run({ blob, eventually }) {
        const kept = {
          plain: 'value',
          'with-dash-9': 'a, b; c="d" %41 é',
          unicode: 'Grüße 世界 😀',
          constructor: 'word',
          number: '0',
        }
        await blob.put('key', 'value', { metadata: kept })
        await eventually(async () => {
          expect((await blob.head('key'))?.metadata).toEqual(kept)
          const handle = await opened(blob.get('key'))
          expect(handle.object.metadata).toEqual(kept)
          await handle.cancel()
        })
      },
    },
    {
      name: 'metadata names are kept in lower case',
      skip: needs('metadata'),
      async run({ blob, eventually }) {
        await blob.put('key', 'value', { metadata: { 'X-Owner': 'Ann' } })
        await eventually(async () => expect((await blob.head('key'))?.metadata).toEqual({ 'x-owner': 'Ann' }))
        await refused(blob.put('twice', 'value', { metadata: { A: '1', a: '2' } }), 'InvalidInput')
      },
    },
    {
      name: 'metadata is empty where none was given, and the next put removes it and the content type',
      async run({ blob, info, eventually }) {
        const { contentType, metadata: keeps } = info.features
        await blob.put('key', 'value', {
          ...(contentType ? { contentType: 'text/x-old' } : {}),
          ...(keeps ? { metadata: { old: 'yes' } } : {}),
        })
        await blob.put('key', 'value')
        await eventually(async () => {
          const head = await blob.head('key')
          expect(head?.metadata).toEqual({})
          expect(head?.contentType).not.toBe('text/x-old')
        })
      },
    },
    {
      name: 'metadata that could break a header is InvalidInput and stores nothing',
      skip: needs('metadata'),
      async run({ blob }) {
        const bad = [{ 'a b': 'x' }, { a_b: 'x' }, { ä: 'x' }, { '': 'x' }, { 'a:': 'x' }]
        for (const names of bad) await refused(blob.put('key', 'v', { metadata: names }), 'InvalidInput')
        for (const value of ['a\r\nb', 'a\nb', 'a\0', '\t', ' a', 'a ', 'a\ud800', 7 as never]) {
          await refused(blob.put('key', 'v', { metadata: { a: value } }), 'InvalidInput')
        }
        expect(await blob.head('key')).toBeNull()
      },
    },
    {
      name: 'metadata of exactly maxMetadataBytes is kept, one byte more is LimitExceeded',
      skip: ({ info }) => {
        if (!info.features.metadata) return `${info.provider} states features.metadata: false`
        return info.limits.maxMetadataBytes <= 1_048_576 ? null : 'no limit up to 1 MiB is stated'
      },
      async run({ blob, info, eventually }) {
        const max = info.limits.maxMetadataBytes
        const kept = { name: 'v'.repeat(max - 4) }
        await blob.put('key', 'value', { metadata: kept })
        await eventually(async () => expect((await blob.head('key'))?.metadata).toEqual(kept))
        const over = { name: 'v'.repeat(max - 3) }
        await refused(blob.put('over', 'value', { metadata: over }), 'LimitExceeded')
        // Both names and values count.
        const spread = Object.fromEntries(
          Array.from({ length: 10 }, (_, i) => [`${i}`.padStart(max / 10, 'n'), 'v']),
        )
        await refused(blob.put('over', 'value', { metadata: spread }), 'LimitExceeded')
        expect(await blob.head('over')).toBeNull()
      },
    },
    {
      name: 'a content type is Unsupported where the store keeps none; that of a Blob is dropped',
      skip: allOf(needs('write'), lacks('contentType')),
      async run({ blob, eventually }) {
        await refused(blob.put('key', 'value', { contentType: 'text/plain' }), 'Unsupported')
        await blob.put('blob', new Blob(['x'], { type: 'image/png' }))
        await eventually(async () => expect(await blob.head('blob')).not.toBeNull())
        expect(await blob.head('key')).toBeNull()
      },
    },
    {
      name: 'metadata is Unsupported where the store keeps none; an empty one is fine',
      skip: allOf(needs('write'), lacks('metadata')),
      async run({ blob, eventually }) {
        await refused(blob.put('key', 'value', { metadata: { a: 'b' } }), 'Unsupported')
        expect(await blob.head('key')).toBeNull()
        await blob.put('key', 'value', { metadata: {} })
        await eventually(async () => expect((await blob.head('key'))?.metadata).toEqual({}))
      },
    },
  ],
}
