import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { enablePrincipal } from '#core/identity/testing/enable-principal.ts'
import { FakeFarSide } from '#core/rotation/testing/far-side.ts'
import { resourceOf } from '#core/secrets/secrets.ts'
import { VaultBook } from '#core/vaults/vaults.ts'
import { type Kept, onBothEngines } from './testing/engines.ts'
import type { House } from './testing/house.ts'
import { openRotating, type Rotating } from './testing/rotating.ts'

onBothEngines((keep) => {
  const far = new FakeFarSide('slots')
  let kept: Kept
  let here: Rotating
  let house: House
  before(async () => {
    kept = await keep()
    here = await openRotating({ env: kept.env, rotation: { providers: new Map([['fake', far.provider]]) } })
    house = here.house
  })
  after(async () => {
    await here?.[Symbol.asyncDispose]()
    await kept?.[Symbol.asyncDispose]()
  })

  const pathOf = (name: string) => `/.cardea/secrets/${name}/derivation`
  const derive = (name: string, template: string, more: object = {}) =>
    here.ask('PUT', pathOf(name), { template, ...more })
  const derived = async (name: string, template: string, more: object = {}) => {
    const heard = await derive(name, template, more)
    assert.equal(heard.status, 200, heard.text)
    return heard.json
  }
  const readValue = async (name: string): Promise<string> => (await here.get(name)).json.value
  const idOf = async (name: string): Promise<string> => (await here.get(name)).json.id.split('/').at(-1)
  const show = async (name: string) => (await here.ask('GET', pathOf(name))).json

  describe('a derived secret', () => {
    it('is made of others, and made anew with each of them', async () => {
      await here.set('a-host', 'db.example')
      await here.set('a-password', 'p@ss/w:rd')
      await derived('a-url', 'postgres://{{user}}:{{secret:a-password}}@{{secret:a-host|plain}}/shop', {
        escaping: 'url',
        values: { user: "o'neil" },
      })
      assert.equal(await readValue('a-url'), 'postgres://o%27neil:p%40ss%2Fw%3Ard@db.example/shop')
      await here.set('a-password', 'new')
      assert.equal(await readValue('a-url'), 'postgres://o%27neil:new@db.example/shop')
      await here.set('A-HOST', 'other.example')
      assert.equal(await readValue('a-url'), 'postgres://o%27neil:new@other.example/shop')
      assert.deepEqual((await show('a-host')).usedBy, ['a-url'])
      assert.deepEqual((await show('a-url')).derivation.parts, ['a-password', 'a-host'])
    })

    it('escapes for URLs, JSON and shells, and takes fields out of JSON', async () => {
      const hard = `a"b'c\\d\n$e%\u00e9`
      await here.set('b', hard)
      await here.set('b-json', JSON.stringify({ login: { name: 'shop', port: 5432 } }))
      await derived('b-url', 'x://{{secret:b}}', { escaping: 'url' })
      assert.equal(decodeURIComponent((await readValue('b-url')).slice(4)), hard)
      await derived('b-doc', '{"password":"{{secret:b|json}}","port":{{secret:b-json.login.port}}}')
      assert.deepEqual(JSON.parse(await readValue('b-doc')), { password: hard, port: 5432 })
      await derived('b-shell', 'PASSWORD={{secret:b|shell}}')
      assert.equal(await readValue('b-shell'), `PASSWORD='a"b'\\''c\\d\n$e%\u00e9'`)
    })

    it('follows through others that are derived, each after its parts', async () => {
      await here.set('c', '1')
      await derived('c-one', '<{{secret:c}}>')
      await derived('c-two', '{{secret:c}}+{{secret:c-one}}')
      await here.set('c', '2')
      assert.equal(await readValue('c-two'), '2+<2>')
      const { value } = (await here.ask('GET', '/secrets/c-two/versions?api-version=7.4')).json
      assert.equal(value.length, 2, 'made once for each change')
    })

    it('may be made of others in more ways than anybody can follow: each of them is looked at once', async () => {
      await here.set('w', '')
      await derived('w-a-1', '{{secret:w}}')
      await derived('w-b-1', '{{secret:w}}')
      for (let floor = 2; floor <= 28; floor += 1) {
        const both = `{{secret:w-a-${floor - 1}}}{{secret:w-b-${floor - 1}}}`
        await derived(`w-a-${floor}`, both)
        await derived(`w-b-${floor}`, both)
      }
      assert.equal((await derive('w', '{{secret:w-a-28}}')).status, 400)
    })

    it('is never seen apart from its part, whoever reads when', async () => {
      await here.set('d', '0')
      await derived('d-made', '{{secret:d}}')
      let writing = true
      const readers = [1, 2].map(async () => {
        while (writing) {
          const made = Number(await readValue('d-made'))
          const part = Number(await readValue('d'))
          assert.ok(part >= made, `${part} was read after ${made}`)
          const again = Number(await readValue('d-made'))
          assert.ok(again >= part, `${again} was read after ${part}`)
        }
      })
      for (let count = 1; count <= 30; count += 1) await here.set('d', String(count))
      writing = false
      await Promise.all(readers)
    })

    it('can’t be set by hand unless its template is taken away, and then keeps its value', async () => {
      await here.set('e', '1')
      await derived('e-made', '{{secret:e}}!')
      const heard = await here.ask('PUT', '/secrets/e-made?api-version=7.4', { value: 'by hand' })
      assert.equal(heard.status, 409, heard.text)
      assert.match(heard.text, /made of other secrets.*underive e-made/)
      assert.equal((await here.ask('DELETE', pathOf('e-made'))).status, 204)
      assert.equal((await here.ask('DELETE', pathOf('e-made'))).status, 404)
      assert.equal(await readValue('e-made'), '1!')
      await here.set('e-made', 'by hand')
      await here.set('e', '2')
      assert.equal(await readValue('e-made'), 'by hand')
    })

    it('is refused as a part of itself, through however many others, and to itself alone', async () => {
      await here.set('f', '1')
      await derived('f-one', '{{secret:f}}')
      await derived('f-two', '{{secret:f-one}}')
      for (const [name, part] of [
        ['f', 'f-two'],
        ['f-one', 'f-two'],
        ['f-two', 'F-Two'],
      ] as const) {
        const heard = await derive(name, `{{secret:${part}}}`)
        assert.equal(heard.status, 400, heard.text)
        assert.match(heard.text, /made of itself/)
      }
      assert.equal(await readValue('f-two'), '1')
    })

    it('is refused with words for templates that mean nothing', async () => {
      await here.set('g', 'one')
      for (const [template, why] of [
        ['no secret', /must name a secret/],
        ['{{secret:g', /without \}\}/],
        ['{{secret:g|html}}', /between braces/],
        ['{{secret:g.field}}', /is not JSON/],
        ['{{secret:g}}{{user}}', /no value for \{\{user\}\}/],
        ['{{secret:nobody}}', /no secret nobody/],
        ['{{secret:g}}'.repeat(2_000), /at most 8192/],
        [`{{secret:g}}${'{{secret:x'.concat('}}')}`.replace('x', 'g-'.repeat(80)), /between braces/],
      ] as const) {
        const heard = await derive('g-made', template)
        assert.equal(heard.status, 400, `${template.slice(0, 40)} ${heard.text}`)
        assert.match(heard.text, why)
      }
      assert.equal((await here.get('g-made')).status, 404)
      assert.equal((await here.ask('GET', pathOf('g-made'))).status, 404)
      assert.equal((await derive('g-made', '{{constructor}}{{secret:g}}')).status, 400)
    })

    it('keeps its last value while a part is off or gone, says why, and catches up', async () => {
      await here.set('h', '1')
      await derived('h-made', '{{secret:h}}')
      await here.set('h', '2', { attributes: { enabled: false } })
      assert.equal(await readValue('h-made'), '1')
      assert.match((await show('h-made')).derivation.trouble, /h is disabled/)
      await here.ask('PATCH', '/secrets/h?api-version=7.4', { attributes: { enabled: true } })
      assert.equal(await readValue('h-made'), '2')
      const heard = await here.ask('DELETE', '/secrets/h?api-version=7.4')
      assert.equal(heard.status, 200)
      assert.match(heard.headers.warning ?? '', /A secret is made of this one/)
      assert.match(heard.headers['x-ms-request-id'] ?? '', /^[0-9a-f-]{36}$/, 'beside what every answer has')
      assert.match((await show('h-made')).derivation.trouble, /no secret h/)
      assert.equal(await readValue('h-made'), '2')
      await here.ask('DELETE', '/secrets/h-made?api-version=7.4')
      await here.ask('POST', '/deletedsecrets/h/recover?api-version=7.4')
      await here.set('h', '3')
      await here.ask('POST', '/deletedsecrets/h-made/recover?api-version=7.4')
      assert.equal(await readValue('h-made'), '3')
      assert.equal((await show('h-made')).derivation.trouble, null)
    })

    it('keeps its content type and tags, and expires with the first of its parts', async () => {
      const now = Math.floor(Date.now() / 1000)
      await here.set('i-made', 'before', { contentType: 'text/x-url', tags: { owner: 'shop' } })
      await here.set('i', '1', { attributes: { exp: now + 500 } })
      await here.set('i-two', '2', { attributes: { exp: now + 100 } })
      await derived('i-made', '{{secret:i}}{{secret:i-two}}')
      const { json } = await here.get('i-made')
      assert.deepEqual([json.value, json.contentType, json.tags.owner], ['12', 'text/x-url', 'shop'])
      assert.equal(json.attributes.exp, now + 100)
    })

    it('hands nobody what they may not read', async () => {
      const vault = await new VaultBook(house.cardea.base.database).vault('demo')
      assert.ok(vault)
      await here.set('j', 'secret')
      const somebody = await house.newcomer('deriver')
      await house.assign(somebody.principal, builtInRoles.keyVaultSecretsOfficer, resourceOf(vault, 'j-made'))
      const token = await somebody.token()
      const ask = (method: string, body?: unknown) =>
        house.ask(house.vaultHost, method, pathOf('j-made'), { token, body })
      const heard = await ask('PUT', { template: '{{secret:j}}' })
      assert.equal(heard.status, 403, heard.text)
      assert.equal((await ask('PUT', { template: '{{secret:not-there}}' })).status, 403, 'nor whether it is there')
      await derived('j-made', '{{secret:j}}')
      assert.deepEqual((await ask('GET')).json.derivation.parts, [], 'nor the names of what they may not list')
    })

    it('follows its parts by the right of who made it, and no longer than they have it; each reading is in the journal', async () => {
      const vault = await new VaultBook(house.cardea.base.database).vault('demo')
      assert.ok(vault)
      await here.set('o', '1')
      const maker = await house.newcomer('maker')
      await house.assign(maker.principal, builtInRoles.keyVaultSecretsOfficer, resourceOf(vault, 'o-made'))
      const leave = await house.assign(maker.principal, builtInRoles.keyVaultSecretsUser, resourceOf(vault, 'o'))
      const heard = await house.ask(house.vaultHost, 'PUT', pathOf('o-made'), {
        token: await maker.token(),
        body: { template: '<{{secret:o}}>' },
      })
      assert.equal(heard.status, 200, heard.text)
      const readings = async () =>
        (await house.deeds())
          .filter(({ operation, caller }) => operation === 'DerivationRead' && caller === maker.principal.objectId)
          .map(({ resource, outcome }) => [resource, outcome])
      const read = async () => `${resourceOf(vault, 'o')}/${await idOf('o')}`
      assert.deepEqual((await readings()).at(-1), [await read(), 'done'])
      await here.set('o', '2')
      assert.equal(await readValue('o-made'), '<2>')
      assert.deepEqual((await readings()).at(-1), [await read(), 'done'])

      await leave()
      // Whoever changes the part isn't kept from it, and hands nothing on for somebody who may not read it.
      await here.set('o', '3')
      assert.equal(await readValue('o-made'), '<2>')
      assert.deepEqual((await readings()).at(-1), [await read(), 'forbidden'])
      assert.match((await show('o-made')).derivation.trouble, /may not read the secret o any more/)

      // Somebody who may makes it theirs.
      await derived('o-made', '<{{secret:o}}>')
      assert.equal(await readValue('o-made'), '<3>')
      assert.equal((await show('o-made')).derivation.trouble, null)
    })

    it('stops with its maker, and that is told once', async () => {
      // Nobody listens there: what is told waits and can be counted.
      await using own = await keep()
      await using listened = await openRotating({ env: { ...own.env, CARDEA_EVENTS_URL: 'http://127.0.0.1:9/' } })
      const { database } = listened.house.cardea.base
      const vault = await new VaultBook(database).vault('demo')
      assert.ok(vault)
      await listened.set('p', '1')
      const maker = await listened.house.newcomer('leaver')
      await listened.house.assign(maker.principal, builtInRoles.keyVaultSecretsOfficer, vault.resourceId)
      const asked = { token: await maker.token(), body: { template: '{{secret:p}}' } }
      const heard = await listened.house.ask(listened.house.vaultHost, 'PUT', pathOf('p-made'), asked)
      assert.equal(heard.status, 200, heard.text)
      await database.write((turn) =>
        enablePrincipal(turn, listened.house.cardea.base.keyring, maker.principal.objectId, false),
      )
      await listened.set('p', '2')
      await listened.set('p', '3')
      assert.equal((await listened.get('p-made')).json.value, '1')
      const { rows } = await database.read.run('select body from event_delivery', [])
      const told = (rows as { body: string }[]).map(({ body }) => JSON.parse(body))
      const stopped = told.filter(({ type }) => type === 'Cardea.DerivationStopped')
      assert.deepEqual(
        stopped.map(({ subject, data }) => [subject, data.ObjectName]),
        [['p-made', 'p-made']],
      )
    })

    it('can’t be had by changing rows by hand', async () => {
      const { database } = house.cardea.base
      await here.set('k', 'secret')
      await here.set('k-open', 'open')
      await derived('k-made', '{{secret:k-open}}')
      await derived('k-other', '{{secret:k}}')
      await database.write(({ sql }) =>
        sql.run(
          "update derivation set sealed = (select sealed from derivation where name_key = 'k-other') where name_key = 'k-made'",
          [],
        ),
      )
      await here.set('k-open', 'changed')
      assert.equal(await readValue('k-made'), 'open')
      await database.write(({ sql }) => sql.run("delete from derivation_part where name_key = 'k-made'", []))
    })

    it('is forgotten with its purge', async () => {
      await here.set('l', '1')
      await derived('l-made', '{{secret:l}}')
      await here.ask('DELETE', '/secrets/l-made?api-version=7.4')
      await here.ask('DELETE', '/deletedsecrets/l-made?api-version=7.4')
      await here.set('l-made', 'by hand')
      await here.set('l', '2')
      assert.equal(await readValue('l-made'), 'by hand')
    })
  })

  describe('a derived secret of one that rotates', () => {
    it('changes with it, and who runs on it keeps the old credential alive until they have switched (P5)', async () => {
      await here.bind('m', { provider: 'fake', intervalSeconds: null, graceSeconds: 3600 })
      await here.reaches('m', 'done')
      await derived('m-url', 'x://{{secret:m|url}}')
      const old = await readValue('m')
      await here.report('pod', { 'm-url': await idOf('m-url') })
      assert.deepEqual(
        (await here.show('m')).consumers.map(({ instance, version }) => [instance, version]),
        [['pod', await idOf('m')]],
      )
      await here.rotate('m')
      await here.reaches('m', 'grace')
      assert.equal(await readValue('m-url'), `x://${encodeURIComponent(await readValue('m'))}`)
      await new Promise((resolve) => setTimeout(resolve, 300))
      assert.ok(far.accepts(old), 'the pod runs on it')
      await here.report('pod', { 'm-url': await idOf('m-url') })
      await here.reaches('m', 'done')
      assert.ok(!far.accepts(old))
    })

    it('can’t be bound itself, nor can what is bound be derived', async () => {
      await here.set('n', '1')
      await derived('n-made', '{{secret:n}}')
      assert.equal((await here.bind('n-made', { provider: 'fake' })).status, 409)
      const heard = await derive('m', '{{secret:n}}')
      assert.equal(heard.status, 409, heard.text)
      assert.match(heard.text, /Unbind it first/)
    })
  })
})
