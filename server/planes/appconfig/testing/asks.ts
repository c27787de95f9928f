import assert from 'node:assert/strict'
import type { Heard } from '../../../testing/house.ts'
import { type RunningStore, type Sent, version } from './store.ts'

/** What tests ask of a running store, and expect at once. */
export const asks = (here: () => RunningStore) => ({
  get: (path: string, headers: Record<string, string> = {}): Promise<Heard> => here().send('GET', path, { headers }),

  /** The answer to a request that succeeds. */
  async ok(method: string, path: string, sent: Sent = {}) {
    const answer = await here().send(method, path, sent)
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`)
    return { ...answer, json: method === 'HEAD' ? undefined : JSON.parse(answer.text) }
  },

  /** The problem that a request is refused with. */
  async problem(path: string, sent: Sent & { method?: string } = {}) {
    const { status, headers, text } = await here().send(sent.method ?? 'GET', path, sent)
    assert.equal(headers['content-type'], 'application/problem+json; charset=utf-8', text)
    const said = JSON.parse(text)
    assert.equal(said.status, status)
    return said
  },

  /** Many settings at once, numbered so that their order is that of their numbers. */
  fill: (prefix: string, from: number, to: number, query = ''): Promise<Heard[]> =>
    Promise.all(
      Array.from({ length: to - from }, (_, index) =>
        here().put(`${prefix}${String(from + index).padStart(4, '0')}`, 'v', query),
      ),
    ),

  /** All pages of a list; between two of them, something may happen. */
  async pages(first: string, between?: (page: number) => Promise<unknown>, headers: Record<string, string> = {}) {
    const found: { items: Item[]; etag: string; '@nextLink'?: string }[] = []
    for (let next: string | undefined = first; next !== undefined; next = found.at(-1)?.['@nextLink']) {
      const heard = await here().send('GET', next, { headers })
      assert.equal(heard.status, 200, heard.text)
      found.push(heard.json)
      await between?.(found.length)
    }
    return found
  },
})
type Item = { key: string; label: string | null; value: string; name: string }

/** The path of a setting, in the version that most tests speak. */
export const at = (key: string, query = ''): string => `/kv/${key}?${version}${query}`
