import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { rootKeyIn } from '#base/root-key.ts'
import { seal } from '#base/seal.ts'
import { machineIdentity } from '#core/directory/machine.ts'
import { addCertificate, principalByApp } from '#core/identity/directory.ts'
import { enter } from '#core/identity/entries.ts'
import { choosePassword, setUserPassword } from '#core/identity/people.ts'
import { machineAppId, rotationAppId } from '#core/identity/principal.ts'
import { azureCliAppId } from '#core/identity/sign-in-clients.ts'
import { enablePrincipal } from '#core/identity/testing/enable-principal.ts'
import { assertionBy, certificateFor } from './testing/certificates.ts'
import { type Kept, onBothEngines } from './testing/engines.ts'
import { type Heard, type House, type Newcomer, openHouse } from './testing/house.ts'

/** Eve has an account of her own, and administers the database: she may write any row, and has no key. */
onBothEngines((keep) =>
  describe('what a database administrator types', () => {
    let kept: Kept
    let house: House
    let eve: Newcomer
    let developer: { objectId: string; appId: string }
    before(async () => {
      kept = await keep()
      house = await openHouse({ env: kept.env })
      eve = await house.newcomer('Eve')
      const { rows } = await house.cardea.base.database.read.run(
        "select object_id, app_id from principal where name = 'developer'",
        [],
      )
      const [row] = rows as [{ object_id: string; app_id: string }]
      developer = { objectId: row.object_id, appId: row.app_id }
    })
    after(async () => {
      await house?.[Symbol.asyncDispose]()
      await kept?.[Symbol.asyncDispose]()
    })

    /** What refers to a principal goes with its row, so that is put right where it stands. */
    const restored: Readonly<Record<string, readonly string[]>> = {
      principal: [
        'update principal set app_id = null, upn_key = null',
        `update principal set (app_id, kind, enabled, upn, upn_key) =
        (select app_id, kind, enabled, upn, upn_key from kept where kept.object_id = principal.object_id)`,
      ],
    }
    /** What holds while a table is as she left it. The epoch moves on, so that every memory looks again. */
    const typed = async (table: string, text: string, holds: () => Promise<void>) => {
      const run = (...statements: string[]) =>
        house.cardea.base.database.write(async (turn) => {
          for (const one of statements) await turn.sql.run(one, [])
          turn.changeAccess()
        })
      await run(`create table kept as select * from ${table}`, ...text.split(';'))
      try {
        await holds()
      } finally {
        await run(
          ...(restored[table] ?? [`delete from ${table}`, `insert into ${table} select * from kept`]),
          'drop table kept',
        )
      }
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
      const held = certificateFor(house.data, 'eve')
      const pem = held.text
      const signInAs = async (appId: string) => signIn(appId, await assertionBy(held, appId, Date.now()))
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

    it('gives an application another’s name no more than its credentials', async () => {
      const she = eve.principal
      const swapped = `update principal set app_id = 'x' where object_id = '${she.objectId}';
      update principal set app_id = '${she.appId}' where object_id = '${developer.objectId}';
      update principal set app_id = '${developer.appId}' where object_id = '${she.objectId}'`
      await typed('principal', swapped, async () => {
        for (const { appId } of [developer, she]) {
          assert.notEqual((await signIn(appId, { client_secret: eve.password })).status, 200, appId)
        }
      })
    })

    it('makes no person of an application, who may look at the directory', async () => {
      const she = eve.principal
      const audience = 'https://graph.cardea.internal'
      const token = await eve.token(audience)
      const look = async () =>
        (await house.ask('graph.cardea.internal', 'GET', `/v1.0/applications?$top=1`, { token })).status
      assert.equal(await look(), 403)
      await typed('principal', `update principal set kind = 'user' where object_id = '${she.objectId}'`, async () => {
        assert.equal(await look(), 403)
      })
    })

    it('switches nobody on', async () => {
      const she = eve.principal
      await house.cardea.base.database.write((turn) =>
        enablePrincipal(turn, house.cardea.base.keyring, she.objectId, false),
      )
      const switchedOn = `update principal set enabled = 1 where object_id = '${she.objectId}'`
      await typed('principal', switchedOn, async () => {
        assert.notEqual((await signIn(she.appId, { client_secret: eve.password })).status, 200)
      })
      await house.cardea.base.database.write((turn) =>
        enablePrincipal(turn, house.cardea.base.keyring, she.objectId, true),
      )
      assert.equal((await signIn(she.appId, { client_secret: eve.password })).status, 200)
    })

    it('lets whoever may assign roles to groups alone assign none to herself as a group', async () => {
      const { subscription } = house.cardea.installation
      const vault = `/subscriptions/${subscription}/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/demo`
      const groupsAlone =
        "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR (@Request[Microsoft.Authorization/roleAssignments:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'Group'}))"
      await house.assign(eve.principal, builtInRoles.userAccessAdministrator, vault, groupsAlone)
      const token = await eve.token('https://management.cardea.internal')
      const assignment = () =>
        house.ask(
          'management.cardea.internal',
          'PUT',
          `${vault}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}?api-version=2022-04-01`,
          {
            token,
            body: {
              properties: {
                roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${builtInRoles.keyVaultAdministrator.id}`,
                principalId: eve.principal.objectId,
              },
            },
          },
        )
      assert.equal((await assignment()).status, 403)
      const grouped = `update principal set kind = 'group' where object_id = '${eve.principal.objectId}'`
      await typed('principal', grouped, async () => {
        const { status, text } = await assignment()
        assert.ok(status >= 400, text)
      })
    })

    it('puts nobody in the place of this machine, or of a worker', async () => {
      const reading = { sql: house.cardea.base.database.read, keyring: house.cardea.base.keyring }
      for (const appId of [machineAppId, rotationAppId]) {
        const placed = `update principal set app_id = 'x' where app_id = '${appId}';
        update principal set app_id = '${appId}', kind = 'managed-identity' where object_id = '${developer.objectId}'`
        await typed('principal', placed, async () => {
          assert.equal(await principalByApp(reading.sql, reading.keyring, appId), undefined)
          if (appId === machineAppId) assert.equal(await machineIdentity(reading, [], { by: 'none' }), undefined)
        })
      }
    })

    it('gives nobody the name by which another signs in', async () => {
      const { database, keyring } = house.cardea.base
      const person = (name: string) =>
        database.write(async (turn) => {
          const userPrincipalName = `${name}@cardea.internal`
          const told = { name, kind: 'user', appId: '', enabled: true, userPrincipalName, details: {} } as const
          const made = await enter(turn, keyring, told)
          await setUserPassword(turn, keyring, made.objectId, await choosePassword(`the password of ${name}`))
          return made
        })
      const [ann, mallory] = [await person('ann'), await person('mallory')]
      const signInAs = async (upn: string) =>
        (
          await signIn(azureCliAppId, {
            grant_type: 'password',
            username: upn,
            password: 'the password of mallory',
            scope: 'https://vault.cardea.internal/.default offline_access openid profile',
          })
        ).status
      assert.equal(await signInAs('mallory@cardea.internal'), 200)
      for (const columns of [['upn', 'upn_key'], ['upn_key']]) {
        const set = (name: string) => columns.map((column) => `${column} = '${name}@cardea.internal'`).join(', ')
        const renamed = `update principal set upn_key = 'x' where object_id = '${ann.objectId}';
        update principal set ${set('ann')} where object_id = '${mallory.objectId}'`
        await typed('principal', renamed, async () => assert.notEqual(await signInAs('ann@cardea.internal'), 200))
      }
    })

    it('gives no application another’s id before it acts, and sends nobody’s codes elsewhere', async () => {
      const host = 'graph.cardea.internal'
      const token = await house.developerToken(`https://${host}`)
      const graph = (method: string, path: string, body: unknown) =>
        house.ask(host, method, `/v1.0${path}`, { token, body })
      const registered = async (displayName: string) => {
        const body = { displayName, web: { redirectUris: [`https://${displayName}.example.org/`] } }
        const { json, text } = await graph('POST', '/applications', body)
        assert.ok(json?.appId, text)
        return json as { readonly id: string; readonly appId: string }
      }
      const [hers, theirs] = [await registered('hers'), await registered('theirs')]
      const named = (to: string, id: string) => `update application set app_id = '${to}' where id = '${id}'`
      const swapped = [named('x', hers.id), named(hers.appId, theirs.id), named(theirs.appId, hers.id)].join(';')
      const act = () => graph('POST', '/servicePrincipals', { appId: theirs.appId })
      await typed('application', swapped, async () => assert.equal((await act()).status, 400))
      const elsewhere = `update application set details = replace(details, 'theirs', 'hers') where id = '${theirs.id}'`
      const change = () => graph('PATCH', `/applications/${theirs.id}`, { displayName: 'changed' })
      await typed('application', elsewhere, async () => assert.equal((await change()).status, 404))
      assert.deepEqual([(await act()).status, (await change()).status], [201, 204])
    })

    it('makes nobody’s managed identity of another principal', async () => {
      const { subscription } = house.cardea.installation
      const host = 'management.cardea.internal'
      const below = `/subscriptions/${subscription}/resourceGroups/demo/providers/Microsoft.ManagedIdentity/userAssignedIdentities`
      const made = async (name: string) => {
        const token = await house.developerToken(`https://${host}`)
        const target = `${below}/${name}?api-version=2023-01-31`
        const { json, text } = await house.ask(host, 'PUT', target, { token, body: { location: 'local' } })
        assert.ok(json?.id, text)
      }
      await made('hers')
      await made('theirs')
      await house.assign(eve.principal, builtInRoles.owner, `${below}/hers`)
      const token = await eve.token(`https://${host}`)
      const hers = (method: string, rest = '', body?: unknown) =>
        house.ask(host, method, `${below}/hers${rest}?api-version=2023-01-31`, { token, body })
      const federated = {
        properties: { issuer: 'https://eve.example.org', subject: 'eve', audiences: ['api://AzureADTokenExchange'] },
      }
      const credential = () => hers('PUT', '/federatedIdentityCredentials/eve', federated)
      const isHers = `resource_key = '${below.toLowerCase()}/hers'`
      const isTheirs = `resource_key = '${below.toLowerCase()}/theirs'`
      for (const text of [
        `update managed_identity set principal = '${developer.objectId}' where ${isHers}`,
        `update managed_identity set resource_key = 'x' where ${isHers};
        update managed_identity set resource_key = '${below.toLowerCase()}/hers' where ${isTheirs}`,
        `update managed_identity set resource_key = 'x', resource_id = 'x' where ${isHers};
        update managed_identity set resource_key = '${below.toLowerCase()}/hers', resource_id = '${below}/hers' where ${isTheirs}`,
      ]) {
        await typed('managed_identity', text, async () => {
          assert.equal((await credential()).status, 404, text)
          assert.equal((await hers('GET')).status, 404, text)
          assert.equal((await hers('DELETE')).status, 204, text)
        })
      }
      assert.equal((await credential()).status, 201)
    })
  }),
)

/** The rows of principals from before they bore proofs get them at one start; what is made to look so later gets none. */
onBothEngines((keep) => {
  it('gives principals of old their proofs at its next start, and never again', async () => {
    await using kept = await keep()
    const data = await mkdtemp(join(tmpdir(), 'cardea-of-old-'))
    const open = () => openHouse({ data, env: kept.env })
    const typed = (house: House, ...statements: string[]) =>
      house.cardea.base.database.write(async (turn) => {
        for (const one of statements) await turn.sql.run(one, [])
      })
    const ofOld = [
      'alter table principal drop column proof',
      'alter table application drop column entered',
      'alter table managed_identity drop column proof',
      "delete from migration where name = '035-principals.sql'",
    ]
    const host = 'management.cardea.internal'
    const graphHost = 'graph.cardea.internal'
    /** How many managed identities and applications there are. */
    const counts = async (house: House): Promise<number[]> => {
      const { subscription } = house.cardea.installation
      const list = `/subscriptions/${subscription}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`
      const lists = [
        [host, `${list}?api-version=2023-01-31`],
        [graphHost, '/v1.0/applications'],
      ] as const
      const heard = lists.map(async ([at, target]) =>
        house.ask(at, 'GET', target, { token: await house.developerToken(`https://${at}`) }),
      )
      return (await Promise.all(heard)).map(({ json }) => json.value.length)
    }
    try {
      let app: Newcomer
      {
        await using house = await open()
        app = await house.newcomer('of old')
        const group = `/subscriptions/${house.cardea.installation.subscription}/resourceGroups/demo`
        const target = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/web?api-version=2023-01-31`
        const token = await house.developerToken(`https://${host}`)
        assert.equal((await house.ask(host, 'PUT', target, { token, body: { location: 'local' } })).status, 201)
        const graph = { token: await house.developerToken(`https://${graphHost}`), body: { displayName: 'web' } }
        assert.equal((await house.ask(graphHost, 'POST', '/v1.0/applications', graph)).status, 201)
        const check = seal(rootKeyIn(join(data, 'root.key')), 'cardea', 'installation').toString('hex')
        const literal = kept.env.CARDEA_DATABASE === undefined ? `x'${check}'` : `'\\x${check}'::bytea`
        await typed(house, ...ofOld, `update installation set root_check = ${literal}`)
      }
      {
        await using house = await open()
        await house.tokenFor(app.principal.appId, app.password)
        assert.deepEqual(await counts(house), [1, 1])
        await typed(house, ...ofOld)
      }
      await using house = await open()
      const { appId } = app.principal
      await assert.rejects(house.tokenFor(appId, app.password), /700016/)
      await assert.rejects(house.developerToken(), /700016/)
    } finally {
      await rm(data, { recursive: true, force: true })
    }
  })
})
