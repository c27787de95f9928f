import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { openHouse } from '../../../testing/house.ts'
import { managementAudience, managementHost, managerOf, vaultPath } from '../testing/manager.ts'

const day = 86_400_000
let now = Date.now()
const house = await openHouse({ clock: () => now })
after(() => house[Symbol.asyncDispose]())
const manager = await managerOf(house)
const tenantId = house.cardea.installation.tenant

const location = 'westeurope'
const sku = { family: 'A', name: 'standard' }
const make = async (name: string, properties: object = {}) => {
  const heard = await manager.ask('PUT', vaultPath(name), {
    location,
    properties: { tenantId, sku, enableRbacAuthorization: true, ...properties },
  })
  assert.equal(heard.status, 201, heard.text)
  return heard.json
}
const inVault = async (name: string, method: string, path: string, body?: unknown) =>
  house.ask(`${name}.vault.cardea.internal`, method, `${path}?api-version=7.4`, {
    token: await house.developerToken(),
    ...(body !== undefined && { body }),
  })
const deletedPath = (name: string) => `/providers/Microsoft.KeyVault/locations/${location}/deletedVaults/${name}`

describe('a vault', () => {
  it('is made, read, changed and listed, and keeps what was said of it', async () => {
    const made = await make('Shop-Keys', { softDeleteRetentionInDays: 30, enabledForDeployment: true })
    assert.equal(made.id, `/subscriptions/${manager.subscription}${vaultPath('Shop-Keys')}`)
    assert.equal(made.properties.vaultUri, 'https://shop-keys.vault.cardea.internal/')
    assert.equal(made.properties.softDeleteRetentionInDays, 30)
    assert.equal(made.properties.enabledForDeployment, true)
    assert.deepEqual(made.properties.accessPolicies, [])
    assert.equal('enablePurgeProtection' in made.properties, false)

    const patched = await manager.ask('PATCH', vaultPath('shop-keys'), { tags: { team: 'shop' } })
    assert.equal(patched.status, 200)
    assert.deepEqual(patched.json.tags, { team: 'shop' })
    assert.equal(patched.json.properties.enabledForDeployment, true)

    for (const path of [
      '/RESOURCEGROUPS/Demo/providers/microsoft.keyvault//VAULTS/SHOP-keys',
      vaultPath('shop-keys'),
    ]) {
      const read = await manager.ask('GET', path)
      assert.equal(read.json.id, made.id, path)
    }
    for (const path of [
      '/resourceGroups/demo/providers/Microsoft.KeyVault/vaults',
      '/providers/Microsoft.KeyVault/vaults',
    ]) {
      const { json } = await manager.ask('GET', path)
      assert.deepEqual(
        json.value.map(({ name }: { name: string }) => name),
        ['demo', 'Shop-Keys'],
      )
    }
  })

  it('that was read can be put back as it was, whatever it says', async () => {
    const made = await make('echo-keys', { enablePurgeProtection: true, softDeleteRetentionInDays: 7 })
    const again = await manager.ask('PUT', vaultPath('echo-keys'), made)
    assert.equal(again.status, 200, again.text)
    assert.deepEqual(again.json.properties, made.properties)
  })

  it('goes by access policies where an older client says nothing, and by roles where a newer one does', async () => {
    const body = { location, properties: { tenantId, sku, accessPolicies: [] } }
    const put = (name: string, version: string) =>
      manager.ask('PUT', vaultPath(name), body, { query: `api-version=${version}` })
    assert.equal((await put('older-keys', '2022-07-01')).json.properties.enableRbacAuthorization, false)
    assert.equal((await put('newer-keys', '2026-02-01')).json.properties.enableRbacAuthorization, true)
  })

  it('gives the rotation engine its role, and nobody else anything', async () => {
    await make('engine-keys')
    const { rows } = await house.cardea.base.database.read.run(
      "select role from role_assignment where scope_key like '%engine-keys'",
      [],
    )
    assert.deepEqual(
      (rows as { role: string }[]).map(({ role }) => role),
      [builtInRoles.cardeaSecretRotator.id],
    )
  })

  for (const [words, properties] of [
    ['a retention of 6 days', { softDeleteRetentionInDays: 6 }],
    ['a retention of 91 days', { softDeleteRetentionInDays: 91 }],
    ['no soft delete', { enableSoftDelete: false }],
    ['another tenant', { tenantId: '00000000-0000-4000-8000-000000000001' }],
    ['an address that is none', { networkAcls: { ipRules: [{ value: '300.1.1.1' }] } }],
    ['a range that is none', { networkAcls: { ipRules: [{ value: '10.0.0.0/33' }] } }],
    ['a sku that is none', { sku: { family: 'A', name: 'gold' } }],
    ['a policy of another tenant', { accessPolicies: [policyFor('00000000-0000-4000-8000-000000000001')] }],
  ] as const) {
    it(`is not made with ${words}`, async () => {
      const heard = await manager.ask('PUT', vaultPath('never-keys'), {
        location,
        properties: { tenantId, sku, ...properties },
      })
      assert.equal(heard.status, 400, heard.text)
      assert.equal((await manager.ask('GET', vaultPath('never-keys'))).json.error.code, 'ResourceNotFound')
    })
  }

  for (const name of ['ab', '1abc', 'a--b', 'abc-', 'a_bc', 'a'.repeat(25), 'ключи']) {
    it(`can’t be called ${name}`, async () => {
      const heard = await manager.ask('PUT', vaultPath(encodeURIComponent(name)), {
        location,
        properties: { tenantId, sku },
      })
      assert.equal(heard.status, 400)
      assert.equal(heard.json.error.code, 'VaultNameNotValid')
      const check = await manager.ask('POST', '/providers/Microsoft.KeyVault/checkNameAvailability', { name })
      assert.equal(check.json.reason, 'AccountNameInvalid')
    })
  }

  it('is not made in a group that isn’t there, nor at another place than it is', async () => {
    const body = { location, properties: { tenantId, sku } }
    assert.equal(
      (await manager.ask('PUT', vaultPath('lost-keys', 'nowhere'), body)).json.error.code,
      'ResourceGroupNotFound',
    )
    const moved = await manager.ask('PUT', vaultPath('demo'), body)
    assert.equal(moved.status, 409)
    assert.equal(moved.json.error.code, 'InvalidResourceLocation')
  })

  it('keeps its name from others, in every group and spelling', async () => {
    await manager.ask('PUT', '/resourceGroups/other', { location })
    await make('taken-keys')
    for (const path of [vaultPath('taken-keys', 'other'), vaultPath('TAKEN-keys', 'other')]) {
      const heard = await manager.ask('PUT', path, { location, properties: { tenantId, sku } })
      assert.equal(heard.status, 409)
      assert.equal(heard.json.error.code, 'VaultAlreadyExists')
    }
    assert.equal((await manager.ask('GET', vaultPath('taken-keys', 'other'))).status, 404)
    const check = await manager.ask('POST', '/providers/Microsoft.KeyVault/checkNameAvailability', {
      name: 'Taken-Keys',
    })
    assert.deepEqual([check.json.nameAvailable, check.json.reason], [false, 'AlreadyExists'])
    const free = await manager.ask('POST', '/providers/Microsoft.KeyVault/checkNameAvailability', { name: 'free-keys' })
    assert.equal(free.json.nameAvailable, true)
  })

  it('made twice at the same moment is made once', async () => {
    const body = { location, properties: { tenantId, sku } }
    const both = await Promise.all([1, 2].map(() => manager.ask('PUT', vaultPath('twin-keys'), body)))
    assert.deepEqual(both.map(({ status }) => status).sort(), [200, 201])
  })

  it('never loses its purge protection, its soft delete or its retention', async () => {
    await make('safe-keys', { enablePurgeProtection: true, softDeleteRetentionInDays: 10 })
    for (const properties of [
      { enablePurgeProtection: false },
      { enableSoftDelete: false },
      { softDeleteRetentionInDays: 11 },
    ]) {
      const heard = await manager.ask('PATCH', vaultPath('safe-keys'), { properties })
      assert.equal(heard.status, 400, JSON.stringify(properties))
    }
  })
})

function policyFor(tenant: string): object {
  return { tenantId: tenant, objectId: '00000000-0000-4000-8000-00000000000a', permissions: { secrets: ['get'] } }
}

describe('single access policies', () => {
  const objectId = '00000000-0000-4000-8000-00000000000a'
  const policy = (secrets: string[], more: object = {}) => ({ tenantId, objectId, permissions: { secrets }, ...more })
  const change = async (kind: string, accessPolicies: unknown, name = 'single-keys') =>
    manager.ask('PUT', `${vaultPath(name)}/accessPolicies/${kind}`, { properties: { accessPolicies } })

  it('are added to, set anew and taken away, each for who it names, and hold in the next request', async () => {
    await make('single-keys', { enableRbacAuthorization: false })
    const reader = await house.newcomer('reader by policy')
    const read = async () => {
      const given = { token: await reader.token() }
      return (await house.ask('single-keys.vault.cardea.internal', 'GET', '/secrets?api-version=7.4', given)).status
    }
    const listing = { tenantId, objectId: reader.principal.objectId, permissions: { secrets: ['list'] } }
    assert.equal(await read(), 403)
    assert.equal((await change('add', [listing, policy(['get'])])).status, 200)
    assert.equal(await read(), 200)
    const through = { applicationId: '00000000-0000-4000-8000-00000000000b' }
    const added = await change('add', [
      policy(['GET', 'set'], { permissions: { secrets: ['GET', 'set'], keys: ['sign'] } }),
    ])
    assert.deepEqual(added.json.properties.accessPolicies[1].permissions, { secrets: ['get', 'set'], keys: ['sign'] })
    // By way of an application it is somebody else.
    assert.equal((await change('add', [policy(['get'], through)])).json.properties.accessPolicies.length, 3)
    const replaced = await change('replace', [policy(['list'])])
    assert.deepEqual(replaced.json.properties.accessPolicies[1].permissions, { secrets: ['list'] })
    await change('remove', [policy(['get'], through), policy(['LIST']), listing])
    assert.equal(await read(), 403)
    assert.deepEqual((await manager.ask('GET', vaultPath('single-keys'))).json.properties.accessPolicies, [])
  })

  it('are refused in another tenant, in another way, in excess, and of a vault that is not there', async () => {
    await make('strict-keys', { enableRbacAuthorization: false })
    const other = '00000000-0000-4000-8000-00000000000c'
    assert.equal((await change('add', [policy(['get'], { tenantId: other })], 'strict-keys')).status, 400)
    assert.equal((await change('merge', [policy(['get'])], 'strict-keys')).status, 400)
    assert.equal((await change('add', 'all', 'strict-keys')).status, 400)
    assert.equal((await change('add', [policy(['get'])], 'never-was')).status, 404)
    const many = Array.from({ length: 1024 }, (_, number) => {
      const id = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`
      return policy(['get'], { objectId: id })
    })
    assert.equal((await change('add', many, 'strict-keys')).status, 200)
    assert.equal((await change('add', [policy(['get'], { objectId: other })], 'strict-keys')).status, 400)
  })
})

describe('a list that is asked for in pages', () => {
  it('goes on behind what the page before ended with, also when that is gone', async () => {
    for (const name of ['pages-a', 'pages-b', 'pages-c']) await make(name)
    const list = '/resourceGroups/demo/providers/Microsoft.KeyVault/vaults'
    const all: string[] = (await manager.ask('GET', list)).json.value.map(({ name }: { name: string }) => name)
    const first = (await manager.ask('GET', `${list}?$top=1`)).json
    // However the host was spelled that was asked: links lead to the name that everybody knows.
    const spelled = await house.ask(
      `${managementHost.toUpperCase()}.:8443`,
      'GET',
      `//${new URL(first.nextLink).pathname.slice(1)}?api-version=2022-07-01&$top=1`,
      { token: manager.token },
    )
    assert.equal(new URL(spelled.json.nextLink).origin, `https://${managementHost}`)
    assert.equal(first.value.length, 1)
    await manager.ask('DELETE', vaultPath(first.value[0].name === 'demo' ? 'pages-a' : first.value[0].name))
    const names = [first.value[0].name]
    for (let next: string | undefined = first.nextLink; next !== undefined; ) {
      const { pathname, search } = new URL(next)
      const heard = await house.ask(managementHost, 'GET', `${pathname}${search}`, { token: manager.token })
      assert.equal(heard.status, 200, heard.text)
      names.push(heard.json.value[0].name)
      next = heard.json.nextLink
    }
    assert.deepEqual(names.toSorted(), all.filter((name) => names.includes(name)).toSorted())
    assert.equal(names.length, new Set(names).size)
    assert.ok(names.includes('pages-c'))
    for (const wrong of ['0', '-1', 'ten', '10000'])
      assert.equal((await manager.ask('GET', `${list}?$top=${wrong}`)).status, 400)
  })
})

describe('who manages a vault but assigns no roles', () => {
  it('can neither open it by a policy nor change by what its data goes (P9)', async () => {
    await make('guard-keys')
    await make('guard-old', { enableRbacAuthorization: false })
    const contributor = await house.newcomer('contributor')
    await house.assign(contributor.principal, builtInRoles.contributor, `/subscriptions/${manager.subscription}`)
    const token = await contributor.token(managementAudience)
    const { objectId } = contributor.principal
    const accessPolicies = [{ tenantId, objectId, permissions: { secrets: ['all'] } }]
    const tries: [string, string, object][] = [
      ['PATCH', 'guard-keys', { properties: { enableRbacAuthorization: false } }],
      ['PATCH', 'guard-old', { properties: { accessPolicies } }],
      ['PUT', 'guard-old', { location, properties: { tenantId, sku, accessPolicies } }],
      ['PUT', 'guard-old/accessPolicies/add', { properties: { accessPolicies } }],
      ['PUT', 'guard-old/accessPolicies/replace', { properties: { accessPolicies } }],
      ['PUT', 'guard-old/accessPolicies/remove', { properties: { accessPolicies } }],
    ]
    for (const [method, name, body] of tries) {
      const heard = await manager.ask(method, vaultPath(name), body, { token })
      assert.equal(heard.status, 403, heard.text)
    }
    const tagged = await manager.ask('PATCH', vaultPath('guard-keys'), { tags: { by: 'contributor' } }, { token })
    assert.equal(tagged.status, 200)
    assert.equal((await manager.ask('PATCH', vaultPath('guard-old'), { properties: { accessPolicies } })).status, 200)
  })
})

describe('a deleted vault', () => {
  it('is gone for its users, is shown to its managers, and comes back with all that was in it', async () => {
    await make('phoenix-keys', { softDeleteRetentionInDays: 7 })
    await inVault('phoenix-keys', 'PUT', '/secrets/kept', { value: 'still here' })
    await inVault('phoenix-keys', 'PUT', '/secrets/dropped', { value: 'x' })
    await inVault('phoenix-keys', 'DELETE', '/secrets/dropped')
    assert.equal((await manager.ask('DELETE', vaultPath('phoenix-keys'))).status, 200)
    assert.equal((await manager.ask('DELETE', vaultPath('phoenix-keys'))).status, 204)

    const gone = await inVault('phoenix-keys', 'GET', '/secrets/kept')
    assert.deepEqual([gone.status, gone.json.error.code], [404, 'VaultNotFound'])
    assert.equal((await manager.ask('GET', vaultPath('phoenix-keys'))).status, 404)
    const { json } = await manager.ask('GET', deletedPath('phoenix-keys'))
    assert.equal(json.properties.vaultId, `/subscriptions/${manager.subscription}${vaultPath('phoenix-keys')}`)
    assert.equal(json.properties.deletionDate, new Date(now).toISOString())
    assert.equal(json.properties.scheduledPurgeDate, new Date(now + 7 * day).toISOString())
    const all = await manager.ask('GET', '/providers/Microsoft.KeyVault/deletedVaults')
    assert.ok(all.json.value.some(({ name }: { name: string }) => name === 'phoenix-keys'))

    const again = await manager.ask('PUT', vaultPath('phoenix-keys'), { location, properties: { tenantId, sku } })
    assert.deepEqual([again.status, again.json.error.code], [409, 'ConflictError'])

    const recovered = await manager.ask('PUT', vaultPath('phoenix-keys'), {
      location,
      properties: { tenantId, sku, createMode: 'recover' },
    })
    assert.equal(recovered.status, 200, recovered.text)
    assert.equal((await inVault('phoenix-keys', 'GET', '/secrets/kept')).json.value, 'still here')
    assert.equal((await inVault('phoenix-keys', 'POST', '/deletedsecrets/dropped/recover')).status, 200)
  })

  it('can be purged, and leaves nothing behind but the journal', async () => {
    await make('ashes-keys')
    await inVault('ashes-keys', 'PUT', '/secrets/kept', { value: 'x' })
    await inVault('ashes-keys', 'PUT', '/secrets/dropped', { value: 'x' })
    await inVault('ashes-keys', 'DELETE', '/secrets/dropped')
    const neighbour = await house.newcomer('user of ashes')
    const id = `/subscriptions/${manager.subscription}${vaultPath('ashes-keys')}`
    await house.assign(neighbour.principal, builtInRoles.keyVaultSecretsUser, `${id}/secrets/kept`)
    await manager.ask('DELETE', vaultPath('ashes-keys'))
    const purged = await manager.ask('POST', `${deletedPath('ashes-keys')}/purge`)
    assert.equal(purged.status, 200, purged.text)
    assert.equal((await manager.ask('GET', deletedPath('ashes-keys'))).status, 404)
    assert.equal((await manager.ask('POST', `${deletedPath('ashes-keys')}/purge`)).status, 404)
    assert.deepEqual(await tracesOf('ashes-keys'), [])

    // The name is free, and whoever had rights there has none on what comes after it.
    await make('ashes-keys')
    assert.equal((await inVault('ashes-keys', 'GET', '/secrets/kept')).json.error.code, 'SecretNotFound')
    await inVault('ashes-keys', 'PUT', '/secrets/kept', { value: 'new' })
    const heard = await house.ask('ashes-keys.vault.cardea.internal', 'GET', '/secrets/kept?api-version=7.4', {
      token: await neighbour.token(),
    })
    assert.equal(heard.status, 403)
  })

  it('with purge protection is purged by time alone', async () => {
    await make('shield-keys', { enablePurgeProtection: true, softDeleteRetentionInDays: 7 })
    await manager.ask('DELETE', vaultPath('shield-keys'))
    const heard = await manager.ask('POST', `${deletedPath('shield-keys')}/purge`)
    assert.equal(heard.status, 403)
    const before = now
    now += 7 * day + 1000
    await house.cardea.base.database.write(async (turn) => turn.stir())
    await until(async () => (await tracesOf('shield-keys')).length === 0)
    now = before
  })
})

/** In which tables a vault is still named, besides those that tell what happened. */
async function tracesOf(name: string): Promise<string[]> {
  const { read } = house.cardea.base.database
  const { rows } = await read.run("select name from sqlite_master where type = 'table'", [])
  const found: string[] = []
  for (const { name: table } of rows as { name: string }[]) {
    if (['audit', 'reading', 'outbox', 'audit_turn'].includes(table)) continue
    const kept = await read.run(`select * from ${table}`, [])
    if (kept.rows.some((row) => JSON.stringify(row).toLowerCase().includes(name))) found.push(table)
  }
  return found
}

async function until(done: () => Promise<boolean>): Promise<void> {
  for (let looks = 0; looks < 200; looks += 1) {
    if (await done()) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  assert.fail('it did not come to pass')
}

describe('the network rules of a vault', () => {
  const rules = (networkAcls: object | undefined, publicNetworkAccess = 'Enabled') =>
    manager.ask('PATCH', vaultPath('wall-keys'), { properties: { networkAcls, publicNetworkAccess } })
  const inner = async () => (await inVault('wall-keys', 'GET', '/secrets')).json.error?.innererror?.code

  it('let in whom they name, and say to others which rule it was', async () => {
    await make('wall-keys')
    assert.equal(await inner(), undefined)
    await rules({ defaultAction: 'Deny', ipRules: [{ value: '198.51.100.0/24' }] })
    assert.equal(await inner(), 'ForbiddenByFirewall')
    const kept = (await house.deeds()).filter(({ resource }) => resource.endsWith('/wall-keys'))
    assert.ok(kept.some(({ outcome, caller }) => outcome === 'forbidden' && caller !== ''))
    const heard = await rules({ defaultAction: 'Deny', ipRules: [{ value: '127.0.0.1' }, { value: '2001:db8::/32' }] })
    assert.deepEqual(heard.json.properties.networkAcls.ipRules, [{ value: '127.0.0.1/32' }, { value: '2001:db8::/32' }])
    assert.equal(await inner(), undefined)
    await rules(undefined, 'Disabled')
    assert.equal(await inner(), 'ForbiddenByConnection')
    await rules({ defaultAction: 'Allow' })
    assert.equal(await inner(), undefined)
  })
})

describe('a request to Resource Manager', () => {
  it('names an api-version, our subscription, and something that there is', async () => {
    const codeOf = async (path: string, query = 'api-version=2024-11-01') =>
      (await house.ask(managementHost, 'GET', `${path}?${query}`, { token: manager.token })).json.error.code
    const here = `/subscriptions/${manager.subscription}`
    assert.equal(await codeOf(`${here}${vaultPath('demo')}`, ''), 'MissingApiVersionParameter')
    assert.equal(await codeOf(`${here}${vaultPath('demo')}`, 'api-version=latest'), 'InvalidApiVersionParameter')
    const other = '/subscriptions/00000000-0000-4000-8000-000000000001'
    assert.equal(await codeOf(`${other}${vaultPath('demo')}`), 'SubscriptionNotFound')
    assert.equal(await codeOf(other), 'SubscriptionNotFound')
    const unknown = `${here}/resourceGroups/demo/providers`
    assert.equal(await codeOf(`${unknown}/Microsoft.Compute/virtualMachines/x`), 'InvalidResourceNamespace')
    assert.equal(await codeOf(`${unknown}/Microsoft.KeyVault/boxes/x`), 'InvalidResourceType')
    assert.equal(await codeOf(`${here}${vaultPath('demo%2Fsecrets%2Fx')}`), 'InvalidRequestContent')
  })
})
