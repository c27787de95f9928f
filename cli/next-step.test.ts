import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { commands } from './commands.ts'
import { type Answers, run } from './testing/world.ts'

const subscription = { id: '/subscriptions/s', name: 's' }
/** An installation with a subscription, a group and a vault `demo`, in which there is nobody. */
const nearlyEmpty: Answers = ({ url }) =>
  url.pathname === '/subscriptions'
    ? { body: { value: [subscription] } }
    : url.pathname.endsWith('/Microsoft.KeyVault/vaults')
      ? { body: { value: [{ id: `${subscription.id}/vaults/demo`, name: 'demo' }] } }
      : url.pathname.endsWith('/resourceGroups')
        ? { body: { value: [{ id: `${subscription.id}/resourceGroups/g`, name: 'g' }] } }
        : { body: { value: [] } }

describe('what is refused for want of something', () => {
  for (const line of [
    'vault delete none',
    'vault recover none',
    'vault create demo',
    'store delete none',
    'workload delete none',
    'role assign none Reader subscription',
    'group add none ada',
    'app delete none',
  ]) {
    it(`says what to do next: ${line}`, async () => {
      const { exit, err } = await run(line.split(' '), { answers: nearlyEmpty })
      assert.equal(exit, 1)
      const [, named] = /[\s\S]*\n.*\bcardea (\w+ \w+)/.exec(err) ?? []
      assert.ok(
        commands.some(({ name }) => name === named),
        err,
      )
    })
  }

  it('says who helps where not even the subscription may be seen', async () => {
    const { exit, err } = await run(['vault', 'list'], { answers: () => ({ body: { value: [] } }) })
    assert.equal(exit, 1)
    assert.match(err, /\n.*cardea role assign WHO Reader subscription\n$/)
  })
})
