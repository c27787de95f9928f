import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, describe, it } from 'node:test'
import type { AccessExplanation } from '@cardea/contract/cardea/access'
import { builtInRoles } from '@cardea/contract/roles'
import { type AccessPolicy, keepPermissionModel } from '#core/access/permission-model.ts'
import { register } from '#core/identity/directory.ts'
import { join } from '#core/identity/membership.ts'
import { enablePrincipal } from '#core/identity/testing/enable-principal.ts'
import { openHouse } from '../../../testing/house.ts'
import { managementAudience, managementHost } from '../../management/testing/manager.ts'
import { placesOf, rolesOf } from '../../management/testing/roles.ts'

const { contributor, keyVaultReader, keyVaultSecretsOfficer, keyVaultSecretsUser } = builtInRoles

const house = await openHouse()
after(() => house[Symbol.asyncDispose]())
const token = await house.developerToken(managementAudience)
const { subscription, vault } = await placesOf(house)

const why = async (principal: string, action: string, resource: string): Promise<AccessExplanation> => {
  const query = new URLSearchParams({ principal, action, resource })
  const heard = await house.ask(managementHost, 'GET', `/.cardea/access/explain?${query}`, { token })
  assert.equal(heard.status, 200, heard.text)
  return heard.json
}
const { read } = rolesOf(() => ({ house, token }))
/** Lets the demo vault go by these policies while something is done. */
const underPolicies = async (policies: AccessPolicy[], work: () => Promise<void>) => {
  const { database, keyring } = house.cardea.base
  const model = (kind: 'roles' | 'policies') =>
    database.write((turn) => keepPermissionModel(turn, keyring, vault, { kind, closed: false, policies }))
  await model('policies')
  try {
    await work()
  } finally {
    await model('roles')
  }
}
const policyFor = (objectId: string, secrets: string[], more: object = {}): AccessPolicy => ({
  tenantId: house.cardea.installation.tenant,
  objectId,
  permissions: { secrets },
  ...more,
})

describe('why?', () => {
  it('Contributor can’t read secrets: A developer is Contributor on the subscription but can’t read secrets', async () => {
    const developer = await house.newcomer('developer')
    await house.assign(developer.principal, contributor, subscription)
    assert.equal((await read(developer)).status, 403)
    const told = await why(developer.principal.objectId, 'secrets/get', `${vault}/secrets/orders-db`)
    assert.equal(told.allowed, false)
    assert.deepEqual(
      told.reasons.map(({ role, verdict }) => [role, verdict]),
      [['Contributor', 'has-not-the-action']],
    )
    assert.equal(told.wanted, 'Key Vault Secrets User')
  })

  it('AI app needs to read the OpenAI API key at startup. Minimum required role? Key Vault Secrets User', async () => {
    const app = await house.newcomer('AI app')
    const { wanted } = await why(app.principal.appId, 'Microsoft.KeyVault/vaults/secrets/getSecret/action', vault)
    const role = Object.values(builtInRoles).find(({ name }) => name === wanted)
    assert.equal(role, keyVaultSecretsUser)
    await house.assign(app.principal, keyVaultSecretsUser, vault)
    assert.equal((await read(app)).status, 200)
    const set = { token: await app.token(), body: { value: 'v' } }
    assert.equal((await house.ask(house.vaultHost, 'PUT', '/secrets/new?api-version=7.4', set)).status, 403)
  })

  it('names the assignment and the group by which somebody may, and what goes with it', async () => {
    const member = await house.newcomer('member')
    const { database, keyring } = house.cardea.base
    const team = await database.write(async (turn) => {
      const made = await register(turn, keyring, { name: 'orders team', kind: 'group', appId: '' })
      await join(turn, keyring, made.objectId, member.principal.objectId)
      return made
    })
    const takeAway = await house.assign(team, keyVaultSecretsUser, vault)
    await house.assign(member.principal, keyVaultReader, vault)
    const told = await why(member.principal.objectId, 'secrets/get', `${vault}/secrets/orders-db`)
    assert.equal(told.allowed, true)
    const [by] = told.reasons.filter(({ verdict }) => verdict === 'allows')
    assert.equal(by?.group, 'orders team')
    assert.equal(by?.scope, vault)
    assert.deepEqual(by?.loses, ['Microsoft.KeyVault/vaults/secrets/getSecret/action'])
    assert.equal((await read(member)).status, 200)
    await takeAway()
    assert.equal((await read(member)).status, 403)
    assert.equal((await why(member.principal.objectId, 'secrets/get', vault)).allowed, false)
    assert.equal((await why(member.principal.objectId, 'secrets/list', vault)).allowed, true)
  })

  it('says when a condition stands in the way, and when somebody is switched off', async () => {
    const app = await house.newcomer('conditioned')
    const id = randomUUID()
    const properties = {
      roleDefinitionId: keyVaultSecretsUser.id,
      principalId: app.principal.objectId,
      condition: "@Resource[Microsoft.KeyVault/vaults/secrets:name] StringStartsWith 'orders-'",
      conditionVersion: '2.0',
    }
    const path = `${vault}/providers/Microsoft.Authorization/roleAssignments/${id}?api-version=2022-04-01`
    assert.equal((await house.ask(managementHost, 'PUT', path, { token, body: { properties } })).status, 201)
    const may = await why(app.principal.objectId, 'secrets/get', `${vault}/secrets/orders-db`)
    const mayNot = await why(app.principal.objectId, 'secrets/get', `${vault}/secrets/prod-db`)
    assert.deepEqual([may.allowed, mayNot.allowed, mayNot.reasons[0]?.verdict], [true, false, 'condition-refuses'])
    await house.cardea.base.database.write((turn) =>
      enablePrincipal(turn, house.cardea.base.keyring, app.principal.objectId, false),
    )
    const off = await why(app.principal.objectId, 'secrets/get', `${vault}/secrets/orders-db`)
    assert.deepEqual([off.allowed, off.principal.enabled, off.reasons], [false, false, []])
  })

  it('judges a condition on the key of a setting as it is spelled', async () => {
    const app = await house.newcomer('spelling')
    const store = vault.replace('Microsoft.KeyVault/vaults', 'Microsoft.AppConfiguration/configurationStores')
    const key = '@Resource[Microsoft.AppConfiguration/configurationStores/keyValues:key]'
    await house.assign(app.principal, builtInRoles.appConfigurationDataReader, store, `${key} StringEquals 'Color'`)
    const allowed = async (name: string) =>
      (await why(app.principal.objectId, 'settings/read', `${store}/keyValues/${name}`)).allowed
    assert.deepEqual([await allowed('Color'), await allowed('color')], [true, false])
  })

  it('refuses whom it doesn’t know, what isn’t an action, and what is no resource', async () => {
    const app = await house.newcomer('known')
    const ask = (principal: string, action: string, resource: string) =>
      house.ask(
        managementHost,
        'GET',
        `/.cardea/access/explain?${new URLSearchParams({ principal, action, resource })}`,
        {
          token,
        },
      )
    assert.equal((await ask(randomUUID(), 'secrets/get', vault)).status, 404)
    assert.equal((await ask(app.principal.objectId, 'secrets/steal', vault)).status, 400)
    assert.equal((await ask(app.principal.objectId, 'secrets/get', 'demo')).status, 400)
    assert.equal((await ask(app.principal.objectId, 'secrets/get', '/a\n/b')).status, 400)
    assert.equal((await house.ask(managementHost, 'GET', '/.cardea/access/explain', { token })).status, 400)
  })
})

describe('access policies', () => {
  it('decide alone where a vault goes by them, and roles alone where it doesn’t', async () => {
    const byRole = await house.newcomer('by role')
    const byPolicy = await house.newcomer('by policy')
    await house.assign(byRole.principal, keyVaultSecretsOfficer, vault)
    const policies = [policyFor(byPolicy.principal.objectId, ['Get'])]
    await underPolicies(policies, async () => {
      assert.equal((await read(byPolicy)).status, 200)
      const refused = await read(byRole)
      assert.equal(refused.status, 403)
      assert.equal(refused.json.error.innererror.code, 'ForbiddenByPolicy')
      const { appId, objectId } = byRole.principal
      const { tenant } = house.cardea.installation
      assert.ok(
        refused.json.error.message.startsWith(
          `The user, group or application 'appid=${appId};oid=${objectId};numgroups=0;iss=https://`,
        ),
      )
      assert.ok(refused.json.error.message.includes(tenant))
      assert.ok(
        refused.json.error.message.endsWith(
          "does not have secrets get permission on key vault 'demo;location=local'. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287",
        ),
      )
      assert.match(
        (await read(byPolicy, '/secrets')).json.error.message,
        /does not have secrets list permission on key vault/,
      )
      const told = await why(objectId, 'secrets/get', vault)
      assert.deepEqual([told.allowed, told.model, told.reasons[0]?.verdict], [false, 'policies', 'inert'])
      assert.equal((await why(byPolicy.principal.objectId, 'secrets/get', vault)).reasons[0]?.kind, 'access-policy')
    })
    const back = await read(byPolicy)
    assert.deepEqual([back.status, back.json.error.innererror.code], [403, 'ForbiddenByRbac'])
    assert.equal((await read(byRole)).status, 200)
  })

  it('count for the members of a group, and those of a compound identity only for exactly that one', async () => {
    const member = await house.newcomer('member of a team')
    const { database, keyring } = house.cardea.base
    const team = await database.write(async (turn) => {
      const made = await register(turn, keyring, { name: 'team with a policy', kind: 'group', appId: '' })
      await join(turn, keyring, made.objectId, member.principal.objectId)
      return made
    })
    await underPolicies([policyFor(team.objectId, ['all'])], async () => {
      assert.equal((await read(member)).status, 200)
      assert.equal((await read(member, '/secrets')).status, 200)
    })
    const compound = (applicationId: string) => [policyFor(member.principal.objectId, ['get'], { applicationId })]
    await underPolicies(compound(randomUUID()), async () => assert.equal((await read(member)).status, 403))
    await underPolicies(compound(member.principal.appId), async () => assert.equal((await read(member)).status, 200))
  })

  it('that the database’s administrator writes open nothing', async () => {
    const eve = await house.newcomer('Eve')
    await underPolicies([policyFor(randomUUID(), ['get'])], async () => {
      await house.cardea.base.database.write(async (turn) => {
        const policies = JSON.stringify([policyFor(eve.principal.objectId, ['all'])])
        await turn.sql.run(`update permission_model set policies = '${policies}'`, [])
        turn.changeAccess()
      })
      assert.equal((await read(eve)).status, 403)
    })
  })

  it('are converted to roles after a look at what that would change, by who may assign roles', async () => {
    const [reader, setter, lister] = [await house.newcomer('r'), await house.newcomer('s'), await house.newcomer('l')]
    const gone = randomUUID()
    const policies = [
      policyFor(reader.principal.objectId, ['get', 'list']),
      policyFor(setter.principal.objectId, ['set']),
      policyFor(lister.principal.objectId, ['list']),
      policyFor(gone, ['get']),
    ]
    const path = `/.cardea/access/conversion?resource=${encodeURIComponent(vault)}`
    await underPolicies(policies, async () => {
      const preview = await house.ask(managementHost, 'GET', path, { token })
      assert.equal(preview.status, 200, preview.text)
      type Told = { principal: string; roles: { name: string }[]; gains: string[]; left: string | null }
      const said = (preview.json.steps as Told[]).map(({ roles, left }) => [roles.map(({ name }) => name), left])
      assert.deepEqual(said, [
        [['Key Vault Secrets User'], null],
        [['Key Vault Secrets Officer'], null],
        [['Key Vault Reader'], null],
        [[], 'nobody'],
      ])
      assert.deepEqual(preview.json.steps[0].gains, [])
      assert.ok(preview.json.steps[1].gains.includes('Microsoft.KeyVault/vaults/secrets/getSecret/action'))
      assert.equal((await read(setter)).status, 403)

      const manager = await house.newcomer('manages the vault')
      await house.assign(manager.principal, contributor, vault)
      const refused = await house.ask(managementHost, 'POST', path, { token: await manager.token(managementAudience) })
      assert.equal(refused.status, 403)

      assert.equal((await house.ask(managementHost, 'POST', path, { token })).status, 200)
      assert.equal((await read(reader)).status, 200)
      assert.equal((await read(lister, '/secrets')).status, 200)
      assert.equal((await read(lister)).status, 403)
      assert.equal((await house.ask(managementHost, 'POST', path, { token })).status, 409)
    })
  })
})
