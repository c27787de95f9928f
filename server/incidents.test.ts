import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { IncidentItem, IncidentView } from '@cardea/contract/cardea/incidents'
import { builtInRoles } from '@cardea/contract/roles'
import type { Provider } from '@cardea/contract/rotation/provider'
import { record, text } from '@cardea/contract/shape'
import { silentLog } from '#base/log.ts'
import { FakeFarSide } from '#core/rotation/testing/far-side.ts'
import { resourceOf } from '#core/secrets/secrets.ts'
import { VaultBook } from '#core/vaults/vaults.ts'
import { type Kept, onBothEngines } from './testing/engines.ts'
import type { House, Newcomer } from './testing/house.ts'
import { openRotating, type Rotating } from './testing/rotating.ts'

const host = 'management.cardea.internal'
const audience = `https://${host}`

/** A far side for as many secrets as there are: credentials live side by side. */
const far = new FakeFarSide('set')
/** The same, with an administrator whose secret the binding names. */
const administered: Provider = {
  ...far.provider,
  name: 'administered',
  binding: record({ admin: text() }),
  secretsOf: (binding) => [(binding as { admin: string }).admin],
}
const providers = new Map([far.provider, administered].map((provider) => [provider.name, provider]))

const open = (env: Readonly<Record<string, string>> = {}) =>
  openRotating({ env: { ...env }, log: silentLog, rotation: { providers } })
const ask = async (house: House, method: string, path: string, body?: unknown, token?: string) =>
  house.ask(host, method, `/.cardea/incidents${path}`, { token: token ?? (await house.developerToken(audience)), body })

async function ended(house: House, id: string): Promise<IncidentView> {
  for (const since = Date.now(); Date.now() - since < 60_000; await new Promise((done) => setTimeout(done, 100))) {
    const { json } = await ask(house, 'GET', `/${id}`)
    if (json.state === 'ended') return json as IncidentView
  }
  throw new Error(`the incident ${id} never ended: ${(await ask(house, 'GET', `/${id}`)).text}`)
}
const run = async (house: House, body: object): Promise<IncidentView> => {
  const heard = await ask(house, 'POST', '', body)
  assert.equal(heard.status, 202, heard.text)
  return ended(house, heard.json.id)
}
const itemOf = ({ items }: IncidentView, name: string): IncidentItem => {
  const found = items.find(({ secret }) => secret === name)
  assert.ok(found, `${name} is not among ${items.map(({ secret }) => secret).join()}`)
  return found
}
const now = () => Math.floor(Date.now() / 1000)

onBothEngines((keep) => {
  describe('an incident', () => {
    let kept: Kept
    let here: Rotating
    let house: House
    let thief: Newcomer
    let vaultId: string
    const bind = async (name: string, body: object = { provider: 'fake' }) => {
      const heard = await here.bind(name, { intervalSeconds: null, graceSeconds: 3600, scrub: false, ...body })
      assert.equal(heard.status, 200, heard.text)
      await here.reaches(name, 'done')
    }
    const reads = async (...names: string[]) => {
      const token = await thief.token()
      for (const name of names) {
        const heard = await house.ask(house.vaultHost, 'GET', `/secrets/${name}?api-version=7.4`, { token })
        assert.equal(heard.status, 200, heard.text)
      }
    }
    const value = async (name: string) => (await here.get(name)).json.value as string
    before(async () => {
      kept = await keep()
      here = await open(kept.env)
      house = here.house
      const vault = await new VaultBook(house.cardea.base.database).vault('demo')
      assert.ok(vault)
      vaultId = vault.resourceId
      thief = await house.newcomer('thief')
      await house.assign(thief.principal, builtInRoles.keyVaultSecretsUser, vaultId)
    })
    after(async () => {
      await here?.[Symbol.asyncDispose]()
      await kept?.[Symbol.asyncDispose]()
    })

    it('rotates what somebody read, names what can’t be, and leaves the rest alone', async () => {
      await bind('one')
      await bind('two')
      await here.set('plain', 'by hand')
      await here.set('derived-from', 'x')
      const [one, two] = [await value('one'), await value('two')]
      const since = now()
      await reads('one', 'plain')
      const body = { identity: thief.principal.appId, since }
      const planned = (await ask(house, 'POST', '/plan', body)).json as IncidentView
      assert.deepEqual(
        planned.items.map(({ secret, remedy }) => [secret, remedy]),
        [
          ['one', 'rotate'],
          ['plain', 'by-hand'],
        ],
      )
      assert.equal(planned.stillReadable, 2)
      assert.equal(await value('one'), one, 'a plan changes nothing')
      const view = await run(house, { ...body, disable: true })
      const done = itemOf(view, 'one')
      assert.deepEqual([done.state, done.exposure], ['done', 'read'])
      assert.ok(done.refused !== null && done.refused >= since)
      assert.equal(done.disabled.length, 1)
      assert.ok(!far.accepts(one))
      assert.ok(far.accepts(await value('one')))
      const old = await here.ask('GET', `/secrets/one/${done.versions[0]}?api-version=7.4`)
      assert.equal(old.status, 403, 'the version that leaked gives no value any more')
      const off = (await house.deeds()).filter(({ operation }) => operation === 'SecretUpdate')
      assert.deepEqual(
        off.map(({ resource }) => resource.split('/').slice(-2).join('/')),
        [`one/${done.versions[0]}`],
      )
      const plain = itemOf(view, 'plain')
      assert.equal(plain.state, 'by-hand')
      assert.match(`${plain.why} ${plain.todo}`, /not bound.*cardea secret set plain/)
      assert.equal(await value('two'), two)
      assert.ok((await ask(house, 'GET', '')).json.value.some(({ id }: { id: string }) => id === view.id))
    })

    it('counts what was read as a part of another, and makes that anew with it', async () => {
      await bind('part')
      assert.equal(
        (await here.ask('PUT', '/.cardea/secrets/whole/derivation', { template: 'x://{{secret:part}}' })).status,
        200,
      )
      const since = now()
      const old = await value('part')
      await reads('whole')
      const view = await run(house, { identity: thief.principal.objectId, since })
      const [part, whole] = [itemOf(view, 'part'), itemOf(view, 'whole')]
      assert.deepEqual([part.state, part.through], ['done', ['whole']])
      assert.deepEqual([whole.state, whole.remedy], ['done', 'follow'])
      assert.ok(whole.rank > part.rank)
      assert.ok(!far.accepts(old))
      assert.equal(await value('whole'), `x://${await value('part')}`)
    })

    it('goes by what one could read, and rotates administrators before what they administer', async () => {
      await bind('the-admin')
      await bind('its-user', { provider: 'administered', binding: { admin: 'the-admin' } })
      const clerk = await house.newcomer('clerk')
      const may = (name: string) =>
        house.assign(clerk.principal, builtInRoles.keyVaultSecretsUser, `${vaultId}/secrets/${name}`)
      await may('the-admin')
      await may('its-user')
      const body = { identity: clerk.principal.objectId, since: now() }
      assert.deepEqual((await ask(house, 'POST', '/plan', body)).json.items, [], 'it has read nothing')
      const view = await run(house, { ...body, couldRead: true })
      assert.deepEqual(
        view.items.map(({ secret, exposure, rank, state }) => [secret, exposure, rank, state]),
        [
          ['the-admin', 'could-read', 0, 'done'],
          ['its-user', 'could-read', 1, 'done'],
        ],
      )
      const [admin, user] = view.items
      assert.ok((admin?.refused ?? 0) <= (user?.refused ?? 0))
    })

    it('sees to one secret that has become known, and to what it is made of', async () => {
      await bind('known')
      const old = await value('known')
      const view = await run(house, { secret: { vault: 'demo', name: 'KNOWN' } })
      assert.deepEqual(
        view.items.map(({ secret, exposure, state }) => [secret, exposure, state]),
        [['known', 'named', 'done']],
      )
      assert.ok(!far.accepts(old))
    })

    it('counts what was set, and names what is deleted or purged', async () => {
      const writer = await house.newcomer('writer')
      await house.assign(writer.principal, builtInRoles.keyVaultSecretsOfficer, vaultId)
      const token = await writer.token()
      const asWriter = (method: string, path: string, body?: unknown) =>
        house.ask(house.vaultHost, method, `${path}?api-version=7.4`, { token, body })
      const since = now()
      for (const name of ['of-hers', 'thrown-away']) await asWriter('PUT', `/secrets/${name}`, { value: 'hers' })
      await here.ask('DELETE', '/secrets/thrown-away?api-version=7.4')
      const view = (await ask(house, 'POST', '/plan', { identity: writer.principal.objectId, since }))
        .json as IncidentView
      assert.equal(itemOf(view, 'of-hers').exposure, 'set')
      assert.match(itemOf(view, 'thrown-away').why ?? '', /deleted/)
      await here.ask('DELETE', '/deletedsecrets/thrown-away?api-version=7.4')
      const later = (await ask(house, 'POST', '/plan', { identity: writer.principal.objectId, since }))
        .json as IncidentView
      assert.match(itemOf(later, 'thrown-away').why ?? '', /gone for good/)
    })

    it('rotates in the name of who called it, and nothing that they may not', async () => {
      await bind('guarded')
      const old = await value('guarded')
      const caller = await house.newcomer('caller')
      await house.assign(
        caller.principal,
        builtInRoles.owner,
        `/subscriptions/${house.cardea.installation.subscription}`,
      )
      const token = await caller.token(audience)
      const heard = await ask(house, 'POST', '', { secret: { vault: 'demo', name: 'guarded' } }, token)
      assert.equal(heard.status, 202, heard.text)
      const view = await ended(house, heard.json.id)
      assert.match(itemOf(view, 'guarded').why ?? '', /may not rotate/)
      assert.equal(await value('guarded'), old)
      const stranger = await house.newcomer('stranger')
      assert.equal((await ask(house, 'POST', '/plan', {}, await stranger.token(audience))).status, 403)
    })

    it('ends with what remains exposed where a target refuses', async () => {
      await bind('stubborn')
      await here.ask('PATCH', '/secrets/stubborn?api-version=7.4', { attributes: { enabled: false } })
      const view = await run(house, { secret: { vault: 'demo', name: 'stubborn' } })
      const item = itemOf(view, 'stubborn')
      assert.deepEqual([item.state, item.refused], ['by-hand', null])
      assert.match(item.todo ?? '', /Enable and rotate/)
    })

    it('is refused with words when it makes no sense', async () => {
      for (const [body, why] of [
        [{}, /identity or secret/],
        [{ identity: 'a', secret: { vault: 'demo', name: 'x' } }, /identity or secret/],
        [{ identity: thief.principal.objectId }, /since/],
      ] as const) {
        const heard = await ask(house, 'POST', '', body)
        assert.equal(heard.status, 400, heard.text)
        assert.match(heard.text, why)
      }
      assert.equal((await ask(house, 'POST', '', { identity: 'nobody', since: 0 })).status, 404)
      assert.equal((await ask(house, 'GET', '/00000000-0000-4000-8000-000000000000')).status, 404)
    })

    it('isn’t begun for a secret that isn’t there, but is for one that is deleted', async () => {
      const count = async () => (await ask(house, 'GET', '')).json.value.length
      const before = await count()
      await here.set('purged', 'x')
      await here.ask('DELETE', '/secrets/purged?api-version=7.4')
      const asked = (name: string, path = '') => ask(house, 'POST', path, { secret: { vault: 'demo', name } })
      const planned = (await asked('purged', '/plan')).json as IncidentView
      assert.match(itemOf(planned, 'purged').why ?? '', /deleted/)
      await here.ask('DELETE', '/deletedsecrets/purged?api-version=7.4')
      for (const path of ['', '/plan']) {
        for (const name of ['never-there', 'purged']) {
          const heard = await asked(name, path)
          assert.equal(heard.status, 404, heard.text)
          assert.equal(heard.json.error.code, 'SecretNotFound')
          assert.match(heard.json.error.message, new RegExp(`no secret ${name} in the vault demo`))
        }
      }
      assert.equal(await count(), before)
    })

    it('tells who answers for one vault nothing of the secrets of another', async () => {
      const responder = await house.newcomer('responder elsewhere')
      const mine = vaultId.replace(/demo$/, 'mine')
      await house.assign(responder.principal, builtInRoles.cardeaIncidentResponder, mine)
      const token = await responder.token(audience)
      const words = new Set<string>()
      for (const path of ['', '/plan']) {
        for (const name of ['two', 'never-there']) {
          for (const vault of ['demo', 'DEMO']) {
            const asked = { secret: { vault, name } }
            const heard = await ask(house, 'POST', `${path}?resource=${encodeURIComponent(mine)}`, asked, token)
            assert.equal(heard.status, 404, heard.text)
            words.add(heard.json.error.message.toLowerCase())
          }
        }
      }
      assert.equal(words.size, 1)
    })

    it('whose row was changed by hand rotates nothing', async () => {
      const { database } = house.cardea.base
      const view = await run(house, { secret: { vault: 'demo', name: 'two' } })
      await database.write(({ sql }) =>
        sql.run(
          `update incident set sealed = (select sealed from incident where id <> '${view.id}' limit 1) where id = '${view.id}'`,
          [],
        ),
      )
      assert.equal((await ask(house, 'GET', `/${view.id}`)).status, 500)
    })
  })
})

it('goes on where it was when its server ends, and rotates each once', async () => {
  const data = await mkdtemp(join(tmpdir(), 'cardea-incident-'))
  try {
    const wanted = { log: silentLog, data, rotation: { providers } }
    const names = ['a', 'b', 'c', 'd']
    let id = ''
    {
      await using here = await openRotating(wanted)
      for (const name of names) {
        await here.bind(name, { provider: 'fake', intervalSeconds: null })
        await here.reaches(name, 'done')
      }
      for (const name of names) await here.get(name)
      const { json } = await ask(here.house, 'POST', '/plan', { secret: { vault: 'demo', name: 'a' } })
      id = (await ask(here.house, 'POST', '', { identity: json.by, since: now() - 60 })).json.id
    }
    await using here = await openRotating(wanted)
    const view = await ended(here.house, id)
    assert.deepEqual(
      view.items.map(({ secret, state }) => [secret, state]),
      names.map((name) => [name, 'done']),
    )
    for (const name of names) {
      const { value } = (await here.ask('GET', `/secrets/${name}/versions?api-version=7.4`)).json
      assert.equal(value.length, 2, name)
    }
  } finally {
    await rm(data, { recursive: true, force: true })
  }
})

it('over 300 secrets and 40 identities agrees with what was noted beside it', async () => {
  await using here = await open()
  const { house } = here
  const vault = await new VaultBook(house.cardea.base.database).vault('demo')
  assert.ok(vault)
  const names = Array.from({ length: 300 }, (_, index) => `estate-${index}`)
  for (const name of names) await here.set(name, `value of ${name}`)
  let seed = 7
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((seed / 2_147_483_648) * below)
  }
  const noted = new Map<string, { read: Set<string>; may: Set<string> }>()
  const since = now()
  for (let index = 0; index < 40; index += 1) {
    const somebody = await house.newcomer(`identity ${index}`)
    const may = new Set<string>()
    const read = new Set<string>()
    for (let count = 0; count < 5; count += 1) {
      const name = names[random(names.length)] as string
      if (may.has(name)) continue
      await house.assign(somebody.principal, builtInRoles.keyVaultSecretsUser, resourceOf(vault, name))
      may.add(name)
    }
    const token = await somebody.token()
    for (const name of [...may, names[random(names.length)] as string]) {
      if (random(2) === 0) continue
      const { status } = await house.ask(house.vaultHost, 'GET', `/secrets/${name}?api-version=7.4`, { token })
      assert.equal(status, may.has(name) ? 200 : 403)
      if (status === 200) read.add(name)
    }
    noted.set(somebody.principal.objectId, { read, may })
  }
  for (const [identity, { read, may }] of noted) {
    const found = async (couldRead: boolean) => {
      const { json } = await ask(house, 'POST', '/plan', { identity, since, couldRead })
      return (json as IncidentView).items.map(({ secret }) => secret).sort()
    }
    assert.deepEqual(await found(false), [...read].sort())
    assert.deepEqual(await found(true), [...may].sort())
  }
})

it('is listed where it was called, however many were called elsewhere since', async () => {
  await using here = await open()
  const { house } = here
  const { database } = house.cardea.base
  await here.set('known', 'x')
  const { id } = await run(house, { secret: { vault: 'demo', name: 'known' } })
  await database.write(({ sql }) =>
    sql.run(
      `insert into incident (id, scope, sealed, progress, started, ended)
        with recursive n (i) as (select 1 union all select i + 1 from n where i < 1001)
        select 'other-' || i, '/subscriptions/elsewhere', x'00', 'ended', ${Date.now() + 60_000}, 0 from n`,
      [],
    ),
  )
  const { subscription } = house.cardea.installation
  for (const resource of ['', `?resource=/SUBSCRIPTIONS/${subscription}`]) {
    const { json } = await ask(house, 'GET', resource)
    assert.deepEqual(
      json.value.map((one: { id: string }) => one.id),
      [id],
    )
  }
})

it('ends with the reason where more may be known than one incident can see to', async () => {
  await using here = await open()
  const { house } = here
  const everything = "with recursive n (i) as (select 1 union all select i + 1 from n where i < 10001) select 'demo'"
  await house.cardea.base.database.write(async ({ sql }) => {
    await sql.run(
      `insert into secret (vault, name_key, name, version)
        ${everything}, 'many-' || i, 'many-' || i, printf('%032d', i) from n`,
      [],
    )
    await sql.run(
      `insert into secret_version (vault, name_key, version, sealed, tags, enabled, created, updated)
        ${everything}, 'many-' || i, printf('%032d', i), x'00', '{}', 1, 0, 0 from n`,
      [],
    )
  })
  const { json } = await ask(house, 'POST', '/plan', { secret: { vault: 'demo', name: 'many-1' } })
  const asked = { identity: json.by, since: now(), couldRead: true }
  assert.equal((await ask(house, 'POST', '/plan', asked)).status, 400)
  const view = await run(house, asked)
  assert.deepEqual(view.items, [])
  assert.match(view.why ?? '', /More than 10000 secrets may be known\. Narrow it/)
})
