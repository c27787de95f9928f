import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { eventReader } from './sse.ts'

describe('an event stream', () => {
  it('is read the same however it is cut', () => {
    const stream =
      'event: hello\ndata: {"sequence":7}\n\n: still here\n\nid: 8\r\ndata: one\r\ndata: two\r\n\r\ndata:bare\n\n'
    const expected = [
      { event: 'hello', data: '{"sequence":7}' },
      { event: '', data: 'one\ntwo' },
      { event: '', data: 'bare' },
    ]
    for (let size = 1; size <= stream.length; size += 1) {
      const read = eventReader()
      const pieces = stream.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
      assert.deepEqual(pieces.flatMap(read), expected, `in pieces of ${size}`)
    }
  })

  it('says nothing of an event whose end never came', () => {
    assert.deepEqual(eventReader()('data: {"sequence":9}\n'), [])
  })

  it('gives up on a line without end', () => {
    const read = eventReader()
    assert.throws(() => {
      for (;;) read('x'.repeat(100_000))
    }, RangeError)
  })
})
