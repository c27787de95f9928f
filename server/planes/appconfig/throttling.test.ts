import assert from 'node:assert/strict'
import { it } from 'node:test'
import { runningStore, version } from './testing/store.ts'

it('a store with a quota refuses what is more, and says when it lets the next through', async () => {
  let ahead = 0
  const start = Date.now()
  await using here = await runningStore({ CARDEA_QUOTA: '5' }, { clock: () => start + ahead })
  const other = await here.another('other')
  const ask = () => here.send('GET', `/kv?${version}`)
  for (let count = 0; count < 5; count += 1) assert.equal((await ask()).status, 200)
  const { status, headers, json } = await ask()
  assert.equal(status, 429)
  assert.equal(headers['retry-after-ms'], '10000')
  assert.deepEqual(
    [json.type, json.title, json.policy, json.status],
    [
      'https://azconfig.io/errors/too-many-requests',
      'Resource utilization has surpassed the assigned quota',
      'Total Requests',
      429,
    ],
  )
  assert.equal((await here.send('GET', `/kv?${version}`, other)).status, 200)
  assert.equal((await here.plain('GET', `/kv?${version}`)).status, 401)
  ahead = 10_000
  assert.equal((await ask()).status, 200)
})
