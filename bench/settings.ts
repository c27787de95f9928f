import assert from 'node:assert/strict'
import { developerToken } from '@cardea/conformance/server-process'
import { openHouse } from './house.ts'
import { cpuMicroseconds, type Options, type Outcome } from './measure.ts'

/**
 * What a page of a hundred settings costs in a large store against a small one, by each kind of filter; and what it costs
 * to be told that a page is still the same. In CPU time of the server: of a single request, the clock tells more about the
 * disk, and about whatever else the machine does.
 */
const budget = { ratio: 3, target: 1.5, unchanged: 0.5, unchangedTarget: 1 / 3 }
const [few, many] = [1_000, 100_000]
const together = 1_000
const asksEach = 300
const version = 'api-version=2026-04-01'
const filters = { prefix: 'key=chosen/*', label: 'label=chosen', tag: 'tags=of=chosen' } as const
type Filter = keyof typeof filters

export async function settings({ say }: Options): Promise<Outcome> {
  await using house = await openHouse()
  const host = house.host.replace('.vault.', '.config.')
  const authorization = `Bearer ${await developerToken(house.server, `https://${host}`)}`
  const ask = (method: 'GET' | 'POST', path: string, headers: Record<string, string> = {}, body?: string) =>
    house.request(method, path, body, { host, headers: { ...headers, authorization } })

  async function fill(name: string, from: number, to: number): Promise<void> {
    for (let first = from; first < to; first += together) {
      const changes = Array.from({ length: Math.min(together, to - first) }, (_, index) => ({
        ...{ do: 'set', key: `${name}/${String(first + index).padStart(6, '0')}`, label: name },
        ...{ value: 'v'.repeat(100), tags: { of: name } },
      }))
      const { status, body } = await ask('POST', '/.cardea/changesets', {}, JSON.stringify({ changes }))
      assert.equal(status, 200, body)
    }
  }

  /** What a page costs in milliseconds of the server's CPU, asked anew each time or with what it was last. */
  async function page(filter: Filter, isKnown: boolean): Promise<number> {
    const path = `/kv?${version}&${filters[filter]}`
    const first = await ask('GET', path)
    assert.equal(JSON.parse(first.body).items.length, 100)
    const headers: Record<string, string> = isKnown ? { 'if-none-match': String(first.headers.etag) } : {}
    const before = cpuMicroseconds(house.server.pid)
    for (let asks = 0; asks < asksEach; asks += 1)
      assert.equal((await ask('GET', path, headers)).status, isKnown ? 304 : 200)
    return (cpuMicroseconds(house.server.pid) - before) / asksEach / 1000
  }
  type Found = Record<Filter, { page: number; unchanged: number }>
  async function all(): Promise<Found> {
    const found: [string, Found[Filter]][] = []
    for (const filter of Object.keys(filters) as Filter[])
      found.push([filter, { page: await page(filter, false), unchanged: await page(filter, true) }])
    return Object.fromEntries(found) as Found
  }

  await fill('chosen', 0, 150)
  await fill('another', 0, few - 150)
  await all()
  const small = await all()
  const began = performance.now()
  await fill('another', few, many)
  const perSecond = (many - few) / ((performance.now() - began) / 1000)
  const large = await all()

  say(`${perSecond.toFixed(0)} settings a second in change sets of ${together}`)
  const ratios: number[] = []
  const unchanged: number[] = []
  for (const filter of Object.keys(filters) as Filter[]) {
    const [one, other] = [small[filter], large[filter]]
    ratios.push(other.page / one.page)
    unchanged.push(other.unchanged / other.page)
    say(
      `by ${filter}: ${one.page.toFixed(2)} ms of ${few}, ${other.page.toFixed(2)} ms of ${many} (${(other.page / one.page).toFixed(2)} times; target ${budget.target}); unchanged ${other.unchanged.toFixed(2)} ms (${(other.unchanged / other.page).toFixed(2)}; target ${budget.unchangedTarget.toFixed(2)})`,
    )
  }
  const [ratio, known] = [Math.max(...ratios), Math.max(...unchanged)]
  return {
    kept: ratio <= budget.ratio && known <= budget.unchanged,
    figures: { bench: 'settings', ratio, unchanged: known, writtenPerSecond: perSecond },
  }
}
