import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { azureCliAppId } from '@cardea/server/core/identity/sign-in-clients'
import { openHouse } from '@cardea/server/testing/house'

/**
 * Microsoft Graph as `az ad` and Graph's own SDKs ask it: the same methods, addresses, spellings and bodies, in the order in
 * which people come to them.
 */
const house = await openHouse()
after(() => house[Symbol.asyncDispose]())
const host = `graph.${house.cardea.installation.domain}`

const ask = async (method: string, path: string, body?: object, token?: string) =>
  house.ask(host, method, path.startsWith('/beta') ? path : `/v1.0${path}`, {
    token: token ?? (await house.developerToken(`https://${host}`)),
    ...(body !== undefined && { body }),
    headers: { consistencylevel: 'eventual' },
  })
const done = async (method: string, path: string, body?: object) => {
  const heard = await ask(method, path, body)
  assert.ok(heard.status < 300, `${method} ${path}: ${heard.status} ${heard.text}`)
  return heard.json
}
/** As az quotes a filter. */
const filtered = (path: string, filter: string) => `${path}?$filter=${encodeURIComponent(filter)}`
const idsOf = ({ value }: { value: { id: string }[] }) => value.map(({ id }) => id)
const pointer = (id: string) => ({ '@odata.id': `https://${host}/v1.0/directoryObjects/${id}` })

describe('az ad app', () => {
  it('create, list, show, update, owner, federated-credential, credential reset and delete', async () => {
    assert.deepEqual(idsOf(await done('GET', filtered('/applications', "startswith(displayName,'az-app')"))), [])
    const body = { displayName: 'az-app', signInAudience: 'AzureADMyOrg', keyCredentials: [], passwordCredentials: [] }
    const made = await ask('POST', '/applications', body)
    assert.equal(made.status, 201)
    const { id, appId } = made.json
    for (const filter of [`appId eq '${appId}'`, "startswith(displayName,'az-')", "displayName eq 'az-app'"])
      assert.deepEqual(idsOf(await done('GET', filtered('/applications', filter))), [id], filter)
    assert.equal((await done('GET', `/applications/${id}`)).appId, appId)
    assert.equal((await done('GET', `/applications(appId='${appId}')`)).id, id)
    assert.equal((await ask('PATCH', `/applications/${id}`, { displayName: 'az-app-2' })).status, 204)

    const owner = idsOf(
      await done(
        'GET',
        filtered('/servicePrincipals', `servicePrincipalNames/any(c:c eq '${house.env.AZURE_CLIENT_ID}')`),
      ),
    )[0] as string
    assert.equal((await ask('POST', `/applications/${id}/owners/$ref`, pointer(owner))).status, 204)
    assert.deepEqual(idsOf(await done('GET', `/applications/${id}/owners`)), [owner])
    assert.equal((await ask('DELETE', `/applications/${id}/owners/${owner}/$ref`)).status, 204)

    const federated = {
      name: 'ci-runs',
      issuer: 'https://ci.example',
      subject: 'repo:x',
      audiences: ['api://AzureADTokenExchange'],
    }
    const credentials = `/applications/${id}/federatedIdentityCredentials`
    assert.equal((await ask('POST', credentials, federated)).status, 201)
    assert.deepEqual(
      (await done('GET', credentials)).value.map(({ name }: { name: string }) => name),
      ['ci-runs'],
    )
    assert.equal((await done('GET', `${credentials}/ci-runs`)).subject, 'repo:x')
    assert.equal((await ask('PATCH', `${credentials}/ci-runs`, { subject: 'repo:y' })).status, 204)
    assert.equal((await ask('DELETE', `${credentials}/ci-runs`)).status, 204)

    const reset = { passwordCredential: { displayName: 'rbac', endDateTime: '2099-01-01T00:00:00Z' } }
    const { secretText, keyId } = await done('POST', `/applications/${id}/addPassword`, reset)
    assert.ok(secretText.length >= 30)
    assert.equal((await done('GET', `/applications/${id}`)).passwordCredentials[0].secretText, null)
    assert.equal((await ask('POST', `/applications/${id}/removePassword`, { keyId })).status, 204)
    assert.equal((await ask('DELETE', `/applications/${id}`)).status, 204)
    const gone = await ask('GET', `/applications/${id}`)
    assert.deepEqual([gone.status, gone.json.error.code], [404, 'Request_ResourceNotFound'])
    assert.ok(gone.json.error.message.length > 0)
  })
})

describe('az ad sp', () => {
  it('create-for-rbac, show, list, update, owner list, credential reset and delete', async () => {
    const { id: application, appId } = await done('POST', '/applications', { displayName: 'az-sp' })
    const made = await ask('POST', '/servicePrincipals', { appId, accountEnabled: true })
    assert.equal(made.status, 201)
    const { id } = made.json
    const byName = await done('GET', filtered('/servicePrincipals', `servicePrincipalNames/any(c:c eq '${appId}')`))
    assert.deepEqual(idsOf(byName), [id])
    assert.ok(byName.value[0].servicePrincipalNames.includes(appId))
    for (const filter of [
      `appId eq '${appId}'`,
      `appId eq '${appId}' and accountEnabled eq true`,
      "displayName eq 'az-sp'",
      "startswith(displayName,'az-sp')",
    ])
      assert.deepEqual(idsOf(await done('GET', filtered('/servicePrincipals', filter))), [id], filter)
    assert.deepEqual(idsOf(await done('GET', filtered('/servicePrincipals', `appId eq '${application}'`))), [])
    const other = `appId eq '${appId}' and displayName eq 'somebody else'`
    assert.deepEqual(idsOf(await done('GET', filtered('/servicePrincipals', other))), [])
    assert.equal((await ask('PATCH', `/servicePrincipals/${id}`, { tags: ['a'] })).status, 204)
    assert.deepEqual(idsOf(await done('GET', `/servicePrincipals/${id}/owners`)), [])
    const { keyId } = await done('POST', `/servicePrincipals/${id}/addPassword`, { passwordCredential: {} })
    assert.equal((await ask('POST', `/servicePrincipals/${id}/removePassword`, { keyId })).status, 204)
    const [object] = (await done('POST', '/directoryObjects/getByIds', { ids: [id], types: ['servicePrincipal'] }))
      .value
    assert.deepEqual([object['@odata.type'], object.id], ['#microsoft.graph.servicePrincipal', id])
    assert.equal((await ask('DELETE', `/servicePrincipals/${id}`)).status, 204)
  })
})

describe('az ad user and az ad group', () => {
  it('create, list, show, member add, check and remove, get-member-groups, update and delete', async () => {
    const user = await done('POST', '/users', {
      accountEnabled: true,
      displayName: 'Grace',
      mailNickname: 'grace',
      userPrincipalName: 'grace@cardea.internal',
      passwordProfile: { forceChangePasswordNextSignIn: false, password: 'a-password-of-hers' },
    })
    const group = await done('POST', '/groups', {
      displayName: 'az-group',
      mailEnabled: false,
      mailNickname: 'az-group',
      securityEnabled: true,
    })
    assert.equal((await done('GET', '/users/grace@cardea.internal')).id, user.id)
    const byName = filtered('/users', "userPrincipalName eq 'GRACE@cardea.internal'")
    assert.deepEqual(idsOf(await done('GET', byName)), [user.id])
    assert.deepEqual(idsOf(await done('GET', filtered('/users', "startswith(displayName,'Gr')"))), [user.id])
    assert.deepEqual(idsOf(await done('GET', filtered('/groups', "startswith(displayName,'az-gr')"))), [group.id])
    assert.equal((await done('GET', `/groups/${group.id}`)).displayName, 'az-group')
    assert.equal((await ask('POST', `/groups/${group.id}/members/$ref`, pointer(user.id))).status, 204)
    assert.deepEqual(idsOf(await done('GET', `/groups/${group.id}/members`)), [user.id])
    assert.deepEqual(idsOf(await done('GET', `/groups/${group.id}/owners`)), [])
    const check = await done('POST', `/directoryObjects/${user.id}/checkMemberGroups`, { groupIds: [group.id] })
    assert.deepEqual(check.value, [group.id])
    const groups = await done('POST', `/users/${user.id}/getMemberGroups`, { securityEnabledOnly: false })
    assert.deepEqual(groups.value, [group.id])
    assert.deepEqual((await done('POST', `/groups/${group.id}/getMemberGroups`, {})).value, [])
    assert.deepEqual(idsOf(await done('GET', `/users/${user.id}/memberOf`)), [group.id])
    assert.equal((await ask('PATCH', `/users/${user.id}`, { jobTitle: 'admiral' })).status, 204)
    assert.equal((await ask('DELETE', `/groups/${group.id}/members/${user.id}/$ref`)).status, 204)
    assert.equal((await ask('DELETE', `/groups/${group.id}`)).status, 204)
    assert.equal((await ask('DELETE', `/users/${user.id}`)).status, 204)
  })
})

describe('who asks', () => {
  it('is told by /me, with their groups; az expects an application to be refused there with words', async () => {
    const refused = await ask('GET', '/me')
    assert.equal(refused.status, 400)
    assert.ok(refused.json.error.message)
    assert.equal((await ask('GET', '/me/memberOf')).status, 400)

    const password = 'her own password'
    const ada = await done('POST', '/users', {
      accountEnabled: true,
      displayName: 'Ada',
      mailNickname: 'ada',
      userPrincipalName: 'ada@cardea.internal',
      passwordProfile: { forceChangePasswordNextSignIn: false, password },
    })
    const { id: inner } = await done('POST', '/groups', {
      displayName: 'inner',
      mailEnabled: false,
      securityEnabled: true,
      mailNickname: 'i',
    })
    const { id: outer } = await done('POST', '/groups', {
      displayName: 'outer',
      mailEnabled: false,
      securityEnabled: true,
      mailNickname: 'o',
    })
    await done('POST', `/groups/${inner}/members/$ref`, pointer(ada.id))
    await done('POST', `/groups/${outer}/members/$ref`, pointer(inner))
    const signIn = new URLSearchParams({
      grant_type: 'password',
      client_id: azureCliAppId,
      username: 'ada@cardea.internal',
      password,
      scope: `https://${host}/.default`,
    })
    const signedIn = await house.ask(house.loginHost, 'POST', '/adfs/oauth2/v2.0/token', {
      body: signIn.toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    assert.equal(signedIn.status, 200, signedIn.text)
    const token = signedIn.json.access_token
    const mine = async (path: string) => (await ask('GET', path, undefined, token)).json
    assert.equal((await mine('/me')).userPrincipalName, 'ada@cardea.internal')
    assert.deepEqual(idsOf(await mine('/me/memberOf')), [inner])
    assert.deepEqual(idsOf(await mine('/me/transitiveMemberOf')).toSorted(), [inner, outer].toSorted())
    assert.equal((await done('GET', '/organization')).value[0].id, house.cardea.installation.tenant)
  })
})

describe('Graph’s own SDKs', () => {
  it('ask for beta, count what fits, follow nextLink, and select', async () => {
    const made = new Set<string>()
    for (const number of [1, 2, 3]) made.add((await done('POST', '/applications', { displayName: `sdk-${number}` })).id)
    const path = `${filtered('/applications', "startswith(displayName,'sdk-')")}&$count=true&$top=2&$select=id,displayName`
    const first = await done('GET', path)
    assert.deepEqual([first['@odata.count'], first.value.length], [3, 2])
    assert.deepEqual(Object.keys(first.value[0]).toSorted(), ['displayName', 'id'])
    const next = new URL(first['@odata.nextLink'])
    const second = await done('GET', `${next.pathname}${next.search}`.replace('/v1.0', ''))
    assert.deepEqual([second['@odata.count'], second.value.length, second['@odata.nextLink']], [3, 1, undefined])
    assert.deepEqual(new Set([...idsOf(first), ...idsOf(second)]), made)
    const [id] = made
    assert.equal((await done('GET', `/beta/applications/${id}`)).displayName, 'sdk-1')
    assert.equal((await done('GET', `/beta/applications('${id}')`)).displayName, 'sdk-1')
    assert.equal((await ask('GET', '/applications?$count=perhaps')).status, 400)
  })
})
