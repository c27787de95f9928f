import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { federatedCredentialsOf } from '#core/identity/federated-credentials.ts'
import { putLock } from '#core/locks/locks.ts'
import { openHouse } from '../../../testing/house.ts'
import { encoded, graphHost, graphOf } from '../../directory/testing/graph.ts'
import { askingIn, groupOf, managementAudience } from '../testing/manager.ts'

const house = await openHouse()
after(() => house[Symbol.asyncDispose]())
const group = groupOf(house)

const ask = askingIn('2023-01-31', () => house)
const at = (name: string) => `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`
const make = async (name: string) => {
  const heard = await ask('PUT', at(name), { location: 'local', tags: { a: 'b' } })
  assert.equal(heard.status, 201, heard.text)
  return heard.json
}
const properties = {
  issuer: 'https://tokens.example.org',
  subject: 'system:serviceaccount:shop:web',
  audiences: ['api://AzureADTokenExchange'],
}

describe('a managed identity', () => {
  it('is made with a service principal of its own, kept when it is put again, listed, tagged, and gone with it', async () => {
    const made = await make('web')
    assert.deepEqual([made.name, made.location, made.tags], ['web', 'local', { a: 'b' }])
    const again = await ask('PUT', at('WEB'), { location: 'local' })
    assert.equal(again.status, 200)
    assert.deepEqual([again.json.id, again.json.properties], [made.id, made.properties])
    for (const list of [group, group.replace(/\/resourceGroups.*/, '')]) {
      const { json } = await ask('GET', `${list}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`)
      assert.deepEqual(
        json.value.map(({ name }: { name: string }) => name),
        ['web'],
      )
    }
    assert.deepEqual((await ask('PATCH', at('web'), { tags: { c: 'd' } })).json.tags, { c: 'd' })
    const graph = graphOf(house, () => house.developerToken(`https://${graphHost}`))
    const filter = encoded(`servicePrincipalNames/any(c:c eq '${made.properties.clientId}')`)
    const [principal] = (await graph.done('GET', `/servicePrincipals?$filter=${filter}`)).value
    assert.deepEqual(
      [principal.id, principal.servicePrincipalType, principal.alternativeNames[1]],
      [made.properties.principalId, 'ManagedIdentity', made.id],
    )
    assert.equal((await ask('DELETE', at('web'))).status, 200)
    assert.equal((await ask('DELETE', at('web'))).status, 204)
    assert.equal((await ask('GET', at('web'))).status, 404)
    assert.equal((await graph.ask('GET', `/servicePrincipals/${principal.id}`)).status, 404)
    assert.notEqual((await make('web')).properties.principalId, principal.id)
  })

  it('loses what it was allowed when it is deleted, and one of the same name gets none of it', async () => {
    const { properties: before } = await make('short-lived')
    const principal = {
      objectId: before.principalId,
      appId: '',
      name: '',
      kind: 'managed-identity',
      enabled: true,
    } as const
    await house.assign(principal, builtInRoles.keyVaultSecretsUser, '/')
    await ask('DELETE', at('short-lived'))
    const { properties: after } = await make('short-lived')
    assert.notEqual(after.principalId, before.principalId)
    const { rows } = await house.cardea.base.database.read.run(
      `select id from role_assignment where principal in ('${before.principalId}', '${after.principalId}')`,
      [],
    )
    assert.deepEqual(rows, [])
  })

  it('lies in a group that there is, under a name that can be one', async () => {
    const elsewhere = at('web').replace('/demo/', '/nowhere/')
    assert.equal((await ask('PUT', elsewhere, { location: 'local' })).status, 404)
    for (const name of ['ab', '-abc', 'a%20b', 'a%2fb', 'x'.repeat(129), 'é'.repeat(4)]) {
      assert.equal((await ask('PUT', at(name), { location: 'local' })).status, 400, name)
    }
    for (const body of [{}, { location: 7 }, { location: 'a\nb' }, { location: 'local', tags: { a: 1 } }, []]) {
      assert.equal((await ask('PUT', at('wrong'), body)).status, 400, JSON.stringify(body))
    }
    await make('stays')
    assert.equal((await ask('PUT', at('stays'), { location: 'elsewhere' })).status, 409)
  })

  it('is made once when two make it at the same moment', async () => {
    const both = await Promise.all([1, 2].map(() => ask('PUT', at('at-once'), { location: 'local' })))
    assert.deepEqual(both.map(({ status }) => status).toSorted(), [200, 201])
    assert.equal(new Set(both.map(({ json }) => json.properties.principalId)).size, 1)
  })

  it('that is locked stays as it is', async () => {
    await make('locked')
    await house.cardea.base.database.write((turn) =>
      putLock(turn, { scope: at('locked'), name: 'keep', level: 'ReadOnly', notes: '' }),
    )
    const credential = `${at('locked')}/federatedIdentityCredentials/ci-runs`
    for (const [method, path, body] of [
      ['PUT', at('locked'), { location: 'local' }],
      ['PATCH', at('locked'), { tags: {} }],
      ['DELETE', at('locked'), undefined],
      ['PUT', credential, { properties }],
    ] as const) {
      const heard = await ask(method, path, body)
      assert.equal(heard.status, 409, `${method} ${path}`)
      assert.equal(heard.json.error.code, 'ScopeLocked')
    }
  })
})

describe('a foreign identity of a managed identity', () => {
  it('is put, put in another’s place, listed and removed', async () => {
    const made = await make('federated')
    const credential = `${at('federated')}/federatedIdentityCredentials/ci-runs`
    assert.equal((await ask('PUT', credential, { properties })).status, 201)
    const other = { ...properties, subject: 'system:serviceaccount:shop:worker' }
    assert.equal((await ask('PUT', credential, { properties: other })).status, 200)
    assert.deepEqual((await ask('GET', credential)).json.properties, other)
    const { base } = house.cardea
    const held = await federatedCredentialsOf(base.database.read, base.keyring, made.properties.principalId)
    assert.deepEqual(
      held.map(({ subject }) => subject),
      [other.subject],
    )
    const { json } = await ask('GET', `${at('federated')}/federatedIdentityCredentials`)
    assert.deepEqual(
      json.value.map(({ name }: { name: string }) => name),
      ['ci-runs'],
    )
    for (const wrong of [{ subject: '*' }, { issuer: 'http://x' }, { audiences: [] }, { subject: undefined }]) {
      assert.equal((await ask('PUT', credential, { properties: { ...properties, ...wrong } })).status, 400)
    }
    assert.equal((await ask('DELETE', credential)).status, 200)
    assert.equal((await ask('DELETE', credential)).status, 204)
    assert.equal((await ask('GET', credential)).status, 404)
  })

  it('is given to an identity that holds roles by nobody who couldn’t assign roles where it lies', async () => {
    const made = await make('with-roles')
    const contributor = await house.newcomer('contributor')
    await house.assign(contributor.principal, builtInRoles.contributor, group)
    const token = await contributor.token(managementAudience)
    const put = async (name: string) =>
      (
        await ask(
          'PUT',
          `${at('with-roles')}/federatedIdentityCredentials/${name}`,
          { properties: { ...properties, subject: name } },
          token,
        )
      ).status
    assert.equal(await put('before'), 201)
    const principal = {
      objectId: made.properties.principalId,
      appId: '',
      name: '',
      kind: 'managed-identity',
      enabled: true,
    } as const
    await house.assign(principal, builtInRoles.keyVaultSecretsUser, '/')
    assert.equal(await put('after'), 403)
  })
})
