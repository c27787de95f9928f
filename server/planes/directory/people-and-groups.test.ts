import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { signIn } from '#core/identity/people.ts'
import { azureCliAppId } from '#core/identity/sign-in-clients.ts'
import { openHouse } from '../../testing/house.ts'
import { encoded, graphHost, graphOf, newUser, pointerTo } from './testing/graph.ts'

const house = await openHouse()
after(() => house[Symbol.asyncDispose]())
const graph = graphOf(house, () => house.developerToken(`https://${graphHost}`))

const newGroup = (displayName: string) =>
  graph.done('POST', '/groups', { displayName, mailEnabled: false, mailNickname: 'x', securityEnabled: true })
const idsOf = ({ value }: { value: { id: string }[] }) => value.map(({ id }) => id).toSorted()

describe('a person', () => {
  it('is made, found by id and by name in whatever case, changed and taken away', async () => {
    const given = newUser('Zoë', { givenName: 'Zoë', surname: "O'Hara", jobTitle: null })
    const made = await graph.done('POST', '/users', given)
    assert.equal('passwordProfile' in made, false)
    const upn = String(given.userPrincipalName)
    for (const key of [made.id, upn, upn.toUpperCase(), encoded(upn)]) {
      assert.equal((await graph.done('GET', `/users/${key}`)).id, made.id, key)
    }
    for (const filter of [`userPrincipalName eq '${upn}'`, "surname eq 'O''Hara'", "startswith(displayName,'zo')"]) {
      assert.deepEqual(idsOf(await graph.done('GET', `/users?$filter=${encoded(filter)}`)), [made.id], filter)
    }
    assert.equal((await graph.ask('PATCH', `/users/${upn}`, { jobTitle: 'Keeper', accountEnabled: false })).status, 204)
    const changed = await graph.done('GET', `/users/${made.id}`)
    assert.deepEqual([changed.jobTitle, changed.accountEnabled, changed.givenName], ['Keeper', false, 'Zoë'])
    assert.equal((await graph.ask('DELETE', `/users/${made.id}`)).status, 204)
    assert.equal((await graph.ask('GET', `/users/${upn}`)).status, 404)
    const again = await graph.done('POST', '/users', given)
    assert.notEqual(again.id, made.id)
  })

  it('has a name that nobody else has, also not when two ask at the same moment, and in another case', async () => {
    const userPrincipalName = `${randomUUID()}@cardea.internal`
    const both = await Promise.all(
      [userPrincipalName, userPrincipalName.toUpperCase()].map((name) =>
        graph.ask('POST', '/users', newUser('twin', { userPrincipalName: name })),
      ),
    )
    assert.deepEqual(both.map(({ status }) => status).toSorted(), [201, 409])
    const other = await graph.done('POST', '/users', newUser('other'))
    assert.equal((await graph.ask('PATCH', `/users/${other.id}`, { userPrincipalName })).status, 409)
  })

  it('is not made of what can’t be one', async () => {
    for (const wrong of [
      { userPrincipalName: 'no address' },
      { userPrincipalName: 'a@b' },
      { userPrincipalName: 'аdmin@cardea.internal' },
      { userPrincipalName: 'a\nb@cardea.internal' },
      { userPrincipalName: `${'x'.repeat(65)}@cardea.internal` },
      { displayName: '' },
      { displayName: 'a\u2028b' },
      { accountEnabled: 'yes' },
      { mailNickname: 'a b' },
      { passwordProfile: undefined },
      { passwordProfile: { password: 'short' } },
      { passwordProfile: { password: 'long enough', forceChangePasswordNextSignIn: true } },
      { givenName: 7 },
    ]) {
      const heard = await graph.ask('POST', '/users', newUser('wrong', wrong))
      assert.equal(heard.status, 400, JSON.stringify(wrong))
      assert.equal(heard.text.includes('long enough'), false)
    }
  })

  it('signs in with the password that was given, and with the new one when it is changed', async () => {
    const given = newUser('signs in', { passwordProfile: { password: 'the first password' } })
    const made = await graph.done('POST', '/users', given)
    const { base } = house.cardea
    const attempt = async (password: string) =>
      typeof (await signIn(
        base.database,
        base.keyring,
        { name: String(given.userPrincipalName), password, address: '127.0.0.1' },
        async () => undefined,
      ))
    assert.equal(await attempt('the first password'), 'object')
    await graph.done('PATCH', `/users/${made.id}`, { passwordProfile: { password: 'the second password' } })
    assert.deepEqual([await attempt('the first password'), await attempt('the second password')], ['string', 'object'])
  })

  it('may look at the directory, at no secret in it, and at themselves', async () => {
    const given = newUser('looks around', { passwordProfile: { password: 'a way to sign in' } })
    const made = await graph.done('POST', '/users', given)
    const form = {
      grant_type: 'password',
      client_id: azureCliAppId,
      username: String(given.userPrincipalName),
      password: 'a way to sign in',
      scope: `https://${graphHost}/.default openid`,
    }
    const signedIn = await house.ask(house.loginHost, 'POST', '/organizations/oauth2/v2.0/token', {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    })
    assert.equal(signedIn.status, 200, signedIn.text)
    const theirs = graphOf(house, async () => signedIn.json.access_token)
    assert.deepEqual(await theirs.done('GET', '/me?$select=id'), { id: made.id })
    assert.equal((await theirs.ask('GET', '/applications')).status, 200)
    assert.equal((await theirs.ask('POST', '/groups', { displayName: 'x' })).status, 403)
    assert.equal((await theirs.ask('PATCH', `/users/${made.id}`, { displayName: 'x' })).status, 403)
    await graph.done('PATCH', `/users/${made.id}`, { accountEnabled: false })
    assert.equal((await theirs.ask('GET', '/me')).status, 403)
  })

  it('is “me” to nobody but themselves: an application that asks is told so', async () => {
    const heard = await graph.ask('GET', '/me')
    assert.equal(heard.status, 400)
    assert.match(heard.json.error.message, /delegated/)
  })
})

describe('a group', () => {
  it('has members of every kind, by their own names and by way of others', async () => {
    const [inner, outer] = [await newGroup('inner'), await newGroup('outer')]
    const person = await graph.done('POST', '/users', newUser('member'))
    const app = await house.newcomer('member')
    for (const id of [person.id, app.principal.objectId]) {
      assert.equal((await graph.ask('POST', `/groups/${inner.id}/members/$ref`, pointerTo(id))).status, 204)
    }
    await graph.done('POST', `/groups/${outer.id}/members/$ref`, pointerTo(inner.id))
    const members = await graph.done('GET', `/groups/${inner.id}/members`)
    assert.deepEqual(idsOf(members), [person.id, app.principal.objectId].toSorted())
    assert.deepEqual(members.value.map((one: Record<string, string>) => one['@odata.type']).toSorted(), [
      '#microsoft.graph.servicePrincipal',
      '#microsoft.graph.user',
    ])
    assert.deepEqual(idsOf(await graph.done('GET', `/groups/${outer.id}/members`)), [inner.id])
    assert.equal(idsOf(await graph.done('GET', `/groups/${outer.id}/transitiveMembers`)).length, 3)
    assert.deepEqual(idsOf(await graph.done('GET', `/users/${person.id}/memberOf`)), [inner.id])
    const both = [inner.id, outer.id].toSorted()
    assert.deepEqual(idsOf(await graph.done('GET', `/users/${person.id}/transitiveMemberOf`)), both)
    const path = `/servicePrincipals/${app.principal.objectId}`
    assert.deepEqual(
      (await graph.done('POST', `${path}/getMemberGroups`, { securityEnabledOnly: true })).value.toSorted(),
      both,
    )
    const check = { groupIds: [outer.id, randomUUID()] }
    assert.deepEqual((await graph.done('POST', `${path}/checkMemberGroups`, check)).value, [outer.id])
    assert.equal((await graph.ask('DELETE', `/groups/${inner.id}/members/${person.id}/$ref`)).status, 204)
    assert.equal((await graph.ask('DELETE', `/groups/${inner.id}/members/${person.id}/$ref`)).status, 404)
    assert.deepEqual(idsOf(await graph.done('GET', `/users/${person.id}/transitiveMemberOf`)), [])
  })

  it('takes nobody twice, nobody who isn’t there, and not itself', async () => {
    const group = await newGroup('strict')
    const app = await house.newcomer('once')
    const add = async (id: string) =>
      (await graph.ask('POST', `/groups/${group.id}/members/$ref`, pointerTo(id))).status
    assert.equal(await add(app.principal.objectId), 204)
    assert.equal(await add(app.principal.objectId), 400)
    assert.equal(await add(randomUUID()), 404)
    assert.equal(await add(group.id), 400)
    for (const body of [{}, { '@odata.id': 7 }, { '@odata.id': `https://x/${app.principal.objectId}` }, []]) {
      assert.equal((await graph.ask('POST', `/groups/${group.id}/members/$ref`, body)).status, 400)
    }
  })

  it('gives its members what it may do, until it is deleted', async () => {
    const group = await newGroup('readers')
    const app = await house.newcomer('reader')
    await house.assign({ ...app.principal, objectId: group.id }, builtInRoles.keyVaultSecretsUser, '/')
    const token = await app.token()
    const list = async () => (await house.ask(house.vaultHost, 'GET', '/secrets?api-version=7.4', { token })).status
    assert.equal(await list(), 403)
    await graph.done('POST', `/groups/${group.id}/members/$ref`, pointerTo(app.principal.objectId))
    assert.equal(await list(), 200)
    assert.equal((await graph.ask('DELETE', `/groups/${group.id}`)).status, 204)
    assert.equal(await list(), 403)
  })

  it('is a security group without mail, and nothing else', async () => {
    for (const wrong of [{ mailEnabled: true }, { securityEnabled: false }, { groupTypes: ['Unified'] }]) {
      assert.equal((await graph.ask('POST', '/groups', { displayName: 'wrong', ...wrong })).status, 400)
    }
    const group = await newGroup('renamed')
    await graph.done('PATCH', `/groups/${group.id}`, { displayName: 'named anew', description: 'of two\nlines' })
    const { displayName, description } = await graph.done('GET', `/groups/${group.id}`)
    assert.deepEqual([displayName, description], ['named anew', 'of two\nlines'])
  })
})

describe('whatever has an id', () => {
  it('is found by it, with what it is; who isn’t there is passed over', async () => {
    const group = await newGroup('found')
    const person = await graph.done('POST', '/users', newUser('found'))
    const app = await graph.done('POST', '/applications', { displayName: 'found' })
    const { principal } = await house.newcomer('found')
    const ids = [group.id, person.id, app.id, principal.objectId, randomUUID(), group.id.toUpperCase()]
    const ask = async (types?: string[]) =>
      (await graph.done('POST', '/directoryObjects/getByIds', { ids, types })).value.map(
        (one: Record<string, string>) => [one.id, one['@odata.type']],
      )
    assert.deepEqual(await ask(), [
      [group.id, '#microsoft.graph.group'],
      [person.id, '#microsoft.graph.user'],
      [app.id, '#microsoft.graph.application'],
      [principal.objectId, '#microsoft.graph.servicePrincipal'],
    ])
    assert.deepEqual(await ask(['user', 'servicePrincipal']), [
      [person.id, '#microsoft.graph.user'],
      [principal.objectId, '#microsoft.graph.servicePrincipal'],
    ])
    assert.equal((await graph.ask('POST', '/directoryObjects/getByIds', { ids: ['x'] })).status, 400)
    assert.equal(
      (await graph.ask('POST', '/directoryObjects/getByIds', { ids: Array(1001).fill(group.id) })).status,
      400,
    )
    assert.equal((await graph.ask('GET', `/directoryObjects/${randomUUID()}`)).status, 404)
  })
})

describe('who manages a part of the directory', () => {
  const administrator = async (role: { readonly id: string }) => {
    const app = await house.newcomer('administrator')
    await house.assign(app.principal, role, '/')
    return { app, graph: graphOf(house, () => app.token(`https://${graphHost}`)) }
  }

  it('comes by it into no rights of others: no password, membership or name of one that holds roles', async () => {
    const applications = await administrator(builtInRoles.applicationAdministrator)
    const people = await administrator(builtInRoles.userAdministrator)
    const own = await applications.graph.done('POST', '/applications', { displayName: 'own' })
    const principal = await applications.graph.done('POST', '/servicePrincipals', { appId: own.appId })
    const add = () => applications.graph.ask('POST', `/applications/${own.id}/addPassword`, {})
    assert.equal((await add()).status, 200)
    await house.assign({ ...own, objectId: principal.id }, builtInRoles.keyVaultSecretsUser, '/')
    assert.equal((await add()).status, 403)
    const toPrincipal = `/servicePrincipals/${principal.id}/addPassword`
    assert.equal((await applications.graph.ask('POST', toPrincipal, {})).status, 403)
    const federated = { name: 'mine', issuer: 'https://x.example.org', subject: 'x', audiences: ['x'] }
    const at = `/applications/${own.id}/federatedIdentityCredentials`
    assert.equal((await applications.graph.ask('POST', at, federated)).status, 403)

    const [outer, inner] = [await newGroup('with a role'), await newGroup('in it')]
    await house.assign({ ...own, objectId: outer.id }, builtInRoles.keyVaultAdministrator, '/')
    await graph.done('POST', `/groups/${outer.id}/members/$ref`, pointerTo(inner.id))
    for (const { id } of [outer, inner]) {
      const itself = pointerTo(people.app.principal.objectId)
      assert.equal((await people.graph.ask('POST', `/groups/${id}/members/$ref`, itself)).status, 403)
    }
    const vault = `/subscriptions/${house.cardea.installation.subscription}/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/by-policy`
    const tenantId = house.cardea.installation.tenant
    const trusted = await newGroup('named by a policy')
    const policy = { tenantId, objectId: trusted.id, permissions: { secrets: ['get'] } }
    const properties = { tenantId, sku: { family: 'A', name: 'standard' }, accessPolicies: [policy] }
    const made = await house.ask('management.cardea.internal', 'PUT', `${vault}?api-version=2023-07-01`, {
      token: await house.developerToken('https://management.cardea.internal'),
      body: { location: 'local', properties: { ...properties, enableRbacAuthorization: false } },
    })
    assert.ok(made.status < 300, made.text)
    const toTrusted = `/groups/${trusted.id}/members/$ref`
    assert.equal((await people.graph.ask('POST', toTrusted, pointerTo(people.app.principal.objectId))).status, 403)
    const boss = await graph.done('POST', '/users', newUser('boss'))
    await house.assign({ ...own, objectId: boss.id }, builtInRoles.globalAdministrator, '/')
    for (const change of [
      { passwordProfile: { password: 'taken over' } },
      { userPrincipalName: 'other@cardea.internal' },
    ]) {
      assert.equal((await people.graph.ask('PATCH', `/users/${boss.id}`, change)).status, 403)
    }
    const person = await people.graph.done('POST', '/users', newUser('ordinary'))
    await people.graph.done('PATCH', `/users/${person.id}`, { passwordProfile: { password: 'helped out' } })
  })

  it('takes no rights from an administrator: neither for a while nor for good, by no way around', async () => {
    const applications = await administrator(builtInRoles.applicationAdministrator)
    const people = await administrator(builtInRoles.userAdministrator)
    const boss = await graph.done('POST', '/users', newUser('boss of people'))
    const team = await newGroup('bosses')
    await graph.done('POST', `/groups/${team.id}/members/$ref`, pointerTo(boss.id))
    const asPrincipal = { ...people.app.principal, objectId: team.id }
    await house.assign(asPrincipal, builtInRoles.userAccessAdministrator, '/')
    for (const [method, path, body] of [
      ['PATCH', `/users/${boss.id}`, { accountEnabled: false }],
      ['DELETE', `/users/${boss.id}`, undefined],
      ['DELETE', `/groups/${team.id}/members/${boss.id}/$ref`, undefined],
      ['DELETE', `/groups/${team.id}`, undefined],
    ] as const) {
      assert.equal((await people.graph.ask(method, path, body)).status, 403, `${method} ${path}`)
    }
    const { objectId } = people.app.principal
    assert.equal((await applications.graph.ask('DELETE', `/servicePrincipals/${objectId}`)).status, 403)
    const off = { accountEnabled: false }
    assert.equal((await applications.graph.ask('PATCH', `/servicePrincipals/${objectId}`, off)).status, 403)
    // What else is told of them anybody may tell who manages people.
    await people.graph.done('PATCH', `/users/${boss.id}`, { jobTitle: 'boss', accountEnabled: true })
    const person = await people.graph.done('POST', '/users', newUser('nobody special'))
    await people.graph.done('PATCH', `/users/${person.id}`, { accountEnabled: false })
    await people.graph.done('DELETE', `/users/${person.id}`)
  })

  it('may do nothing in the other part', async () => {
    const applications = await administrator(builtInRoles.applicationAdministrator)
    const reader = await administrator(builtInRoles.directoryReaders)
    assert.equal((await applications.graph.ask('POST', '/users', newUser('x'))).status, 403)
    assert.equal((await applications.graph.ask('POST', '/groups', { displayName: 'x' })).status, 403)
    assert.equal((await reader.graph.ask('GET', '/users')).status, 200)
    assert.equal((await reader.graph.ask('POST', '/applications', { displayName: 'x' })).status, 403)
  })
})

describe('the last one who may', () => {
  it('administer the directory, or assign roles, is neither deleted nor switched off, by nobody', async () => {
    await using alone = await openHouse()
    const own = graphOf(alone, () => alone.developerToken(`https://${graphHost}`))
    const found = await own.done(
      'GET',
      `/servicePrincipals?$filter=appId eq '${alone.env.AZURE_CLIENT_ID}'`.replaceAll(' ', '%20'),
    )
    const [{ id }] = found.value
    const tries = [
      ['DELETE', `/servicePrincipals/${id}`, undefined],
      ['PATCH', `/servicePrincipals/${id}`, { accountEnabled: false }],
    ] as const
    for (const [method, path, body] of tries) {
      const heard = await own.ask(method, path, body)
      assert.equal(heard.status, 409, heard.text)
      assert.match(heard.json.error.message, /^This would leave nobody who /)
    }
    // Another one, who is switched off, is nobody, and so is a group with nobody in it.
    const other = await own.done('POST', '/users', newUser('other', { accountEnabled: false }))
    const empty = await own.done('POST', '/groups', {
      displayName: 'empty',
      mailEnabled: false,
      mailNickname: 'x',
      securityEnabled: true,
    })
    const someone = await alone.newcomer('someone')
    for (const objectId of [other.id, empty.id]) {
      const principal = { ...someone.principal, objectId }
      for (const role of [builtInRoles.globalAdministrator, builtInRoles.userAccessAdministrator])
        await alone.assign(principal, role, '/')
    }
    assert.equal((await own.ask('DELETE', `/servicePrincipals/${id}`)).status, 409)
    await own.done('POST', `/groups/${empty.id}/members/$ref`, pointerTo(someone.principal.objectId))
    const theirs = graphOf(alone, () => someone.token(`https://${graphHost}`))
    await own.done('DELETE', `/servicePrincipals/${id}`)
    // Now it is them, also by way of the group.
    for (const [method, path] of [
      ['DELETE', `/servicePrincipals/${someone.principal.objectId}`],
      ['DELETE', `/groups/${empty.id}/members/${someone.principal.objectId}/$ref`],
      ['DELETE', `/groups/${empty.id}`],
    ] as const) {
      assert.equal((await theirs.ask(method, path)).status, 409, `${method} ${path}`)
    }
    await theirs.done('PATCH', `/users/${other.id}`, { accountEnabled: true })
    await theirs.done('DELETE', `/groups/${empty.id}/members/${someone.principal.objectId}/$ref`)
  })
})
