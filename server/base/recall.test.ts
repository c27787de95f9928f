import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Recall } from './recall.ts'

const size = (text: string) => text.length
const kept = (recall: Recall, key: string, found: string) => recall.keep(key, async () => found, size)

describe('what needn’t be read again', () => {
  it('is found until something changes', async () => {
    const recall = new Recall()
    assert.equal(await kept(recall, 'a', 'one'), 'one')
    assert.equal(recall.find('a'), 'one')
    assert.equal(recall.find('b'), undefined)
    recall.forget()
    assert.equal(recall.find('a'), undefined)
  })

  it('is not kept when something changed while it was read', async () => {
    const recall = new Recall()
    const found = await recall.keep(
      'a',
      async () => {
        recall.forget()
        return 'old'
      },
      size,
    )
    assert.equal(found, 'old')
    assert.equal(recall.find('a'), undefined)
  })

  it('is nothing where nothing was found: it may be there a moment later', async () => {
    const recall = new Recall()
    assert.equal(await recall.keep('a', async () => undefined, size), undefined)
    assert.equal(await kept(recall, 'a', 'made since'), 'made since')
  })

  it('takes no more room than it was given', async () => {
    const recall = new Recall(10)
    for (const key of ['a', 'b', 'c']) await kept(recall, key, '1234')
    assert.deepEqual(
      ['a', 'b', 'c'].map((key) => recall.find(key)),
      [undefined, undefined, '1234'],
    )
  })
})
