import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { FakeFarSide } from '#core/rotation/testing/far-side.ts'
import { openRotating } from '../../testing/rotating.ts'
import { currentValue, fake, withFarSide } from '../../testing/with-far-side.ts'

describe('binding', () => {
  it('refuses an unknown provider, a binding that isn’t one, and a secret that draws on itself', async () => {
    await using open = await withFarSide('slots', {}, 'db')
    const { here } = open
    const cases: [body: Record<string, unknown>, said: RegExp][] = [
      [{ ...fake, provider: 'nobody' }, /There is no provider nobody. There are fake/],
      [{ ...fake, binding: [] }, /binding must be an object/],
      [{ ...fake, intervalSeconds: 1 }, /intervalSeconds must be a whole number from 10/],
      [fake, /can't be the credential that changes it/],
    ]
    for (const [body, said] of cases) {
      const heard = await here.bind('db', body)
      assert.equal(heard.status, 400)
      assert.match(heard.json.error.message, said)
    }
    assert.equal((await here.ask('GET', '/.cardea/secrets/db/rotation')).status, 404)
  })

  it('needs the right to read what the binding draws on, and to read and set what it binds: nobody borrows the engine’s', async () => {
    await using open = await withFarSide('slots', {}, 'admin')
    const { here } = open
    const { house } = here
    await here.set('admin', 'x')
    const operator = await house.newcomer('operator')
    const vault = `/subscriptions/${house.cardea.installation.subscription}/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/demo`
    await house.assign(operator.principal, builtInRoles.cardeaRotationOperator, vault)
    const token = await operator.token()
    const bind = () =>
      house.ask(house.vaultHost, 'PUT', '/.cardea/secrets/db/rotation', { token, body: { ...fake, binding: {} } })
    const refused = async (action: string, name: string) => {
      const heard = await bind()
      assert.equal(heard.status, 403)
      assert.match(heard.json.error.message, new RegExp(`Action: 'Microsoft.KeyVault/vaults/secrets/${action}/action'`))
      assert.match(heard.json.error.message, new RegExp(`Resource: '.*/secrets/${name}'`))
    }
    await refused('getSecret', 'admin')
    await house.assign(operator.principal, builtInRoles.keyVaultSecretsUser, `${vault}/secrets/admin`)
    await refused('getSecret', 'db')
    await house.assign(operator.principal, builtInRoles.keyVaultSecretsUser, `${vault}/secrets/db`)
    await refused('setSecret', 'db')
    await house.assign(operator.principal, builtInRoles.keyVaultSecretsOfficer, `${vault}/secrets/db`)
    assert.equal((await bind()).status, 200)
  })

  it('is refused over a place that another secret is bound to: each would break the other', async () => {
    await using open = await withFarSide()
    const { here } = open
    assert.equal((await here.bind('one', { ...fake, binding: { places: ['a', 'b'] } })).status, 200)
    const heard = await here.bind('two', { ...fake, binding: { places: ['b', 'c'] } })
    assert.equal(heard.status, 409)
    assert.match(heard.json.error.message, /Another secret is bound to b already/)
    assert.equal((await here.bind('ONE', { ...fake, binding: { places: ['b', 'd'] } })).status, 200)
    await here.ask('DELETE', '/.cardea/secrets/one/rotation')
    assert.equal((await here.bind('two', { ...fake, binding: { places: ['b', 'c'] } })).status, 200)
  })

  it('can be undone; then nothing rotates', async () => {
    await using open = await withFarSide()
    const { here } = open
    await here.bind('db', fake)
    await here.reaches('db', 'done')
    assert.equal((await here.ask('DELETE', '/.cardea/secrets/db/rotation')).status, 204)
    assert.equal((await here.ask('GET', '/.cardea/secrets/db/rotation')).status, 404)
    assert.equal((await here.ask('POST', '/.cardea/secrets/db/rotate')).status, 404)
    assert.equal((await here.ask('DELETE', '/.cardea/secrets/db/rotation')).status, 404)
    const { rows } = await here.house.cardea.base.database.read.run(`select * from due where kind = 'rotation'`, [])
    assert.deepEqual(rows, [])
  })

  it('again, while a rotation can’t go on, gives way to the new binding at once', async () => {
    const far = new FakeFarSide('slots')
    const dead = new FakeFarSide('slots')
    dead.up = false
    const providers = new Map([
      ['fake', far.provider],
      ['dead', { ...dead.provider, name: 'dead' }],
    ])
    await using here = await openRotating({ rotation: { providers } })
    await here.bind('db', { ...fake, provider: 'dead' })
    await here.until('it fails', async () => (await here.show('db')).rotation?.lastError !== null)
    const stuck = (await here.show('db')).rotation?.id
    await here.bind('db', fake)
    await here.until('another one is done', async () => {
      const { rotation } = await here.show('db')
      return rotation?.id !== stuck && rotation?.state === 'done'
    })
    assert.ok(far.accepts(await currentValue(here)))
  })
})

describe('the list of what is bound', () => {
  it('spells each secret as it was first written, and links to the vault’s own name', async () => {
    await using open = await withFarSide()
    const { here } = open
    const { house } = here
    for (const name of ['Db-Password', 'Other']) {
      await here.set(name, 'x')
      await here.bind(name.toLowerCase(), { ...fake, intervalSeconds: 3600, binding: { places: [name] } })
    }
    const token = await house.developerToken()
    const ask = (path: string) => house.ask(`${house.vaultHost.toUpperCase()}.:8443`, 'GET', path, { token })
    const first = (await ask('/.cardea/rotations?maxresults=1')).json
    const { origin, pathname, search } = new URL(first.nextLink)
    assert.equal(origin, `https://${house.vaultHost}`)
    const second = (await ask(`${pathname}${search}`)).json
    assert.deepEqual(
      [...first.value, ...second.value].map(({ secret }) => secret),
      ['Db-Password', 'Other'],
    )
    const plan = (await here.ask('GET', '/.cardea/rotations/plan')).json
    assert.ok(plan.rotations.length > 0)
    for (const { secret } of plan.rotations) assert.match(secret, /^(Db-Password|Other)$/)
  })
})
