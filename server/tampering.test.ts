import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash, createPrivateKey, randomUUID, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { SignJWT } from 'jose'
import { addCertificate } from '#core/identity/directory.ts'
import { type Heard, type House, type Newcomer, openHouse } from './testing/house.ts'

/** Eve has an account of her own, and administers the database: she may write any row, and has no key. */
describe('what a database administrator types', () => {
  let house: House
  let eve: Newcomer
  let developer: { objectId: string; appId: string }
  before(async () => {
    house = await openHouse()
    eve = await house.newcomer('Eve')
    const { rows } = await house.cardea.base.database.read.run(
      "select object_id, app_id from principal where name = 'developer'",
      [],
    )
    const [row] = rows as [{ object_id: string; app_id: string }]
    developer = { objectId: row.object_id, appId: row.app_id }
  })
  after(() => house?.[Symbol.asyncDispose]())

  /** What holds while a table is as she left it. The epoch moves on, so that every memory looks again. */
  const typed = async (table: string, text: string, holds: () => Promise<void>) => {
    const run = (...statements: string[]) =>
      house.cardea.base.database.write(async (turn) => {
        for (const one of statements) await turn.sql.run(one, [])
        turn.changeAccess()
      })
    await run(`create table kept as select * from ${table}`, text)
    await holds()
    await run(`delete from ${table}`, `insert into ${table} select * from kept`, 'drop table kept')
  }
  const signIn = (appId: string, proof: Record<string, string>): Promise<Heard> =>
    house.ask(house.loginHost, 'POST', '/adfs/oauth2/v2.0/token', {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: appId,
        scope: 'https://vault.cardea.internal/.default',
        ...proof,
      }).toString(),
    })
  const hers = (kind: string) => `principal = '${eve.principal.objectId}' and kind = '${kind}'`
  const theirs = () => `principal = '${developer.objectId}'`
  const copied = (kind: string, starts = 'starts') => `insert into credential
    select id || 'x', '${developer.objectId}', kind, name, digest, certificate, ${starts}, ends
    from credential where ${hers(kind)}`

  it('makes no password another’s: neither a copy of its row, nor the row itself, nor its hash', async () => {
    const signInAs = (appId: string) => signIn(appId, { client_secret: eve.password })
    assert.equal((await signInAs(eve.principal.appId)).status, 200)
    const hash = `select digest from credential where ${hers('password')}`
    for (const text of [
      copied('password'),
      `update credential set ${theirs()} where ${hers('password')}`,
      `update credential set digest = (${hash}) where ${theirs()}`,
      `update credential set digest = '' where ${theirs()}`,
    ]) {
      await typed('credential', text, async () => {
        assert.equal((await signInAs(developer.appId)).json.error_codes?.[0], 7000215, text)
      })
    }
  })

  it('prolongs no password', async () => {
    await typed('credential', `update credential set ends = ends + 1 where ${hers('password')}`, async () => {
      assert.equal((await signIn(eve.principal.appId, { client_secret: eve.password })).status, 401)
    })
  })

  it('makes no certificate another’s, and adds none', async () => {
    const key = join(house.data, 'eve.key')
    const file = join(house.data, 'eve.pem')
    const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=Eve', '-days', '30']
    execFileSync('openssl', [...request, '-keyout', key, '-out', file], { stdio: 'ignore' })
    const pem = readFileSync(file, 'utf8')
    const thumbprint = createHash('sha256').update(new X509Certificate(pem).raw).digest('base64url')
    const signInAs = async (appId: string) =>
      signIn(appId, {
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await new SignJWT({ jti: randomUUID() })
          .setProtectedHeader({ alg: 'PS256', 'x5t#S256': thumbprint })
          .setIssuer(appId)
          .setSubject(appId)
          .setAudience('https://login.cardea.internal/adfs/oauth2/v2.0/token')
          .setIssuedAt()
          .setNotBefore('0s')
          .setExpirationTime('5m')
          .sign(createPrivateKey(readFileSync(key))),
      })
    const { database, keyring } = house.cardea.base
    await database.write((turn) =>
      addCertificate(turn, keyring, eve.principal, pem, { name: 'own', ends: turn.at + 86_400_000 }),
    )
    assert.equal((await signInAs(eve.principal.appId)).status, 200)
    const added = `insert into credential
      values ('x', '${developer.objectId}', 'certificate', 'x', '', '${pem}', 0, 9999999999999)`
    const moved = `update credential set ${theirs()} where ${hers('certificate')}`
    for (const text of [copied('certificate'), copied('certificate', '0'), moved, added]) {
      await typed('credential', text, async () => {
        assert.equal((await signInAs(developer.appId)).json.error_codes?.[0], 700027, text)
      })
    }
  })

  it('assigns no role: neither by another’s row, nor by more rights or a wider scope in one’s own', async () => {
    const { subscription } = house.cardea.installation
    const vault = `/subscriptions/${subscription}/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/demo`
    const { keyVaultAdministrator: all, keyVaultReader: lists, keyVaultSecretsUser: reads } = builtInRoles
    await house.assign(eve.principal, lists, vault)
    await house.assign(eve.principal, reads, `${vault}/secrets/hers`)
    const token = await eve.token()
    const answers = async () => {
      const targets = ['/secrets', '/secrets/hers', '/secrets/anothers']
      const heard = targets.map((path) => house.ask(house.vaultHost, 'GET', `${path}?api-version=7.4`, { token }))
      return (await Promise.all(heard)).map(({ status }) => status)
    }
    assert.deepEqual(await answers(), [200, 404, 403])

    const she = eve.principal.objectId
    const administers = `${theirs()} and role = '${all.id}'`
    const readsHers = `principal = '${she}' and role = '${reads.id}'`
    for (const text of [
      `update role_assignment set principal = '${she}' where ${administers}`,
      `insert into role_assignment (id, principal, role, scope, scope_key, proof, created)
        select id || 'x', '${she}', role, scope, scope_key, proof, created from role_assignment where ${administers}`,
      `update role_assignment set role = '${all.id}' where ${readsHers}`,
      `update role_assignment set scope = '${vault}' where ${readsHers}`,
      `insert into role_assignment (id, principal, role, scope, scope_key, proof, created) values ('x', '${she}', '${all.id}', '/', '/', '', 0)`,
    ]) {
      await typed('role_assignment', text, async () => assert.equal((await answers())[2], 403, text))
    }
    assert.deepEqual(await answers(), [200, 404, 403])
  })

  it('opens no vault and no store: where their permission model is changed or gone, nobody comes in', async () => {
    const { subscription } = house.cardea.installation
    await house.assign(eve.principal, builtInRoles.keyVaultSecretsUser, `/subscriptions/${subscription}`)
    await house.assign(eve.principal, builtInRoles.appConfigurationDataReader, `/subscriptions/${subscription}`)
    const inVault = async () =>
      house.ask(house.vaultHost, 'GET', '/secrets?api-version=7.4', { token: await eve.token() })
    const inStore = async () =>
      house.ask(house.storeHost, 'GET', '/kv?api-version=2023-11-01', {
        token: await eve.token(`https://${house.storeHost}`),
      })
    assert.deepEqual([(await inVault()).status, (await inStore()).status], [200, 200])
    for (const text of [
      'delete from permission_model',
      "update permission_model set kind = 'policies'",
      'update permission_model set closed = 1',
      `update permission_model set scope_key = scope_key || 'x'`,
    ]) {
      await typed('permission_model', text, async () => {
        assert.deepEqual([(await inVault()).status, (await inStore()).status], [403, 403], text)
      })
    }
    assert.deepEqual([(await inVault()).status, (await inStore()).status], [200, 200])
  })

  it('reopens no vault that goes by access policies, and none that is deleted, by taking the row away', async () => {
    const { subscription, tenant } = house.cardea.installation
    const host = 'management.cardea.internal'
    const path = `/subscriptions/${subscription}/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/by-policy?api-version=2024-11-01`
    const given = { token: await house.developerToken(`https://${host}`) }
    const properties = { tenantId: tenant, sku: { family: 'A', name: 'standard' }, enableRbacAuthorization: false }
    const made = await house.ask(host, 'PUT', path, { ...given, body: { location: 'local', properties } })
    assert.equal(made.status, 201, made.text)
    const look = async () =>
      (
        await house.ask('by-policy.vault.cardea.internal', 'GET', '/secrets?api-version=7.4', {
          token: await eve.token(),
        })
      ).status
    assert.equal(await look(), 403)
    await typed('permission_model', 'delete from permission_model', async () => assert.equal(await look(), 403))
    // Its owner closes it for good and opens it anew, and then it goes by what the owner says.
    await house.cardea.base.database.write((turn) =>
      turn.sql.run("delete from permission_model where scope_key like '%by-policy'", []).then(() => undefined),
    )
    assert.equal((await house.ask(host, 'DELETE', path, given)).status, 200)
    const recover = { location: 'local', properties: { ...properties, createMode: 'recover' } }
    assert.equal((await house.ask(host, 'PUT', path, { ...given, body: recover })).status, 200)
    assert.equal(await look(), 403)
    const roles = { properties: { enableRbacAuthorization: true } }
    assert.equal((await house.ask(host, 'PATCH', path, { ...given, body: roles })).status, 200)
    assert.equal(await look(), 200)
  })
})
