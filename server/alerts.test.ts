import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findingsOf } from '#core/alerts/findings.ts'
import { inside } from '#core/audit/entry.ts'
import { stranger } from '#core/identity/caller.ts'
import { azureCliAppId } from '#core/identity/sign-in-clients.ts'
import { FakeFarSide } from '#core/rotation/testing/far-side.ts'
import { VaultBook } from '#core/vaults/vaults.ts'
import { type House, openHouse } from './testing/house.ts'
import { openMailSink } from './testing/mail-sink.ts'
import { openWebHook } from './testing/receiver.ts'
import { openRotating } from './testing/rotating.ts'

const version = 'api-version=7.4'
const managementHost = 'management.cardea.internal'
const minute = 60_000

const until = async (so: () => boolean | Promise<boolean>) => {
  const since = performance.now()
  while (!(await so())) {
    if (performance.now() - since > 10_000) throw new Error('it never came')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
const put = async (house: House, name: string, body: object, resource?: string, token?: string) =>
  house.ask(
    managementHost,
    'PUT',
    `/.cardea/alerts/${name}${resource === undefined ? '' : `?resource=${encodeURIComponent(resource)}`}`,
    { token: token ?? (await house.developerToken(`https://${managementHost}`)), body },
  )
const list = async (house: House) =>
  (
    await house.ask(managementHost, 'GET', '/.cardea/alerts', {
      token: await house.developerToken(`https://${managementHost}`),
    })
  ).json.value
const vaultId = (house: House) =>
  `/subscriptions/${house.cardea.installation.subscription}/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/demo`
const trouble = async (house: House): Promise<string | null> => (await list(house))[0].trouble
/** Has the rule looked at now, and waits until it was; what has failed is left alone no longer. */
const lookAgain = async ({ cardea }: House) => {
  const { database } = cardea.base
  const began = await database.write(async (turn) => {
    await turn.sql.run('update alert_channel set again = 0', [])
    await turn.sql.run(`update due set at = ${turn.at} where kind = 'alert'`, [])
    turn.stir()
    return turn.at
  })
  await until(async () => {
    const { rows } = await database.read.run(`select at from due where kind = 'alert'`, [])
    return (rows as [{ at: number }])[0].at > began + minute / 2
  })
}
/** What a rule finds that isn't kept. */
const look = async (house: House, rule: Partial<Parameters<typeof findingsOf>[0]>, at = Date.now()) => {
  const { database } = house.cardea.base
  const usual = { scope: '/', watch: 'denied', threshold: 3, withinMs: 5 * minute } as const
  return findingsOf({ ...usual, ...rule }, { sql: database.read, vaults: new VaultBook(database), at })
}

describe('a rule', () => {
  it('tells of somebody who guesses at a password, also once their guesses are held back', async () => {
    await using house = await openHouse()
    const guess = () =>
      house.ask(house.loginHost, 'POST', '/organizations/oauth2/v2.0/token', {
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({
          ...{ grant_type: 'password', client_id: azureCliAppId, scope: 'openid' },
          ...{ username: 'ada@cardea.internal', password: 'a guess' },
        }).toString(),
      })
    const statuses: number[] = []
    while (statuses.length < 15) statuses.push((await guess()).status)
    assert.deepEqual([statuses[0], statuses.at(-1)], [400, 429])
    const [found] = await look(house, { threshold: 15 })
    assert.match(found?.says ?? '', /^somebody at .* was refused 15 times, last with TokenIssue on /)
  })

  it('sees the newest refusal, however much was done before it', async () => {
    await using house = await openHouse()
    const { database } = house.cardea.base
    const before = { operation: 'SecretGet', resource: '/', caller: stranger, circumstances: inside }
    // The journal is looked at in pieces of a hundred turns, as long as they hold fewer than ten thousand entries.
    for (let turns = 0; turns < 101; turns += 1) {
      const kept = Array.from({ length: 100 }, () => database.witness({ ...before, outcome: 'done' }, undefined))
      await Promise.all(kept)
    }
    const newest = { ...before, caller: { objectId: 'somebody', appId: '' }, outcome: 'forbidden' } as const
    await database.witness(newest, undefined)
    const found = await look(house, { threshold: 1 })
    assert.deepEqual(
      found.map(({ subject }) => subject),
      ['somebody'],
    )
  })

  it('tells by mail of somebody who is refused again and again, once, with everything in one mail', async () => {
    await using sink = await openMailSink()
    await using house = await openHouse({
      env: { CARDEA_SMTP_URL: sink.url, CARDEA_MAIL_FROM: 'cardea@example.org' },
    })
    const strangers = await Promise.all(['one', 'two'].map((name) => house.newcomer(name)))
    for (const stranger of strangers) {
      const token = await stranger.token()
      for (let count = 0; count < 3; count += 1)
        await house.ask(house.vaultHost, 'GET', `/secrets/db?${version}`, { token })
    }
    const body = { watch: 'denied', threshold: 3, mail: ['ops@example.org', 'more@example.org'] }
    const { status, json } = await put(house, 'burst', body)
    assert.deepEqual([status, json.mail, json.withinSeconds], [200, body.mail, 300])
    await until(() => sink.mails.length === 1)
    const [mail] = sink.mails
    assert.deepEqual(mail?.to, body.mail)
    const text = (mail?.text ?? '').replaceAll('=\n', '')
    assert.match(text, /^Subject: \[Cardea\] burst: 2 findings \(denied\)$/m)
    assert.match(text, /^Auto-Submitted: auto-generated$/m)
    assert.match(text, /^Message-ID: <[0-9a-f]{32}@cardea\.internal>$/m)
    for (const { principal } of strangers) assert.match(text, new RegExp(`${principal.objectId} was refused 3 times`))
    await until(async () => (await list(house))[0].told !== null)
    assert.equal(sink.mails.length, 1)
  })

  it('tells of an end thirty days before it, once, and again only as it comes nearer', async () => {
    await using sink = await openMailSink()
    let now = Math.floor(Date.now() / 1000) * 1000
    await using house = await openHouse({
      clock: () => now,
      env: { CARDEA_SMTP_URL: sink.url, CARDEA_MAIL_FROM: 'cardea@example.org' },
    })
    const day = 24 * 60 * minute
    const exp = now / 1000 + 40 * 86_400
    await house.ask(house.vaultHost, 'PUT', `/secrets/ending?${version}`, {
      token: await house.developerToken(),
      body: { value: 'never-in-a-mail', attributes: { exp } },
    })
    assert.equal((await put(house, 'ends', { watch: 'near-expiry', mail: ['ops@example.org'] })).status, 200)
    const { database } = house.cardea.base
    /** Comes to a day and a few hours of it, and looks at the rule as often as there is a look due. */
    const goesTo = async (daysLeft: number) => {
      for (let hour = 0; hour < 3; hour += 1) {
        now = exp * 1000 - daysLeft * day + hour * 60 * minute
        await database.write(async (turn) => turn.stir())
        await until(async () => {
          const { rows } = await database.read.run(`select at from due where kind = 'alert'`, [])
          return (rows as [{ at: number }])[0].at > now
        })
      }
      return sink.mails.length
    }
    assert.equal(await goesTo(31), 0, 'not before')
    assert.equal(await goesTo(30), 1)
    assert.equal(await goesTo(29), 1, 'once')
    assert.equal(await goesTo(20), 1)
    assert.equal(await goesTo(14), 2)
    assert.equal(await goesTo(0), 3)
    assert.equal(await goesTo(-2), 3)
    const text = (sink.mails[0]?.text ?? '').replaceAll('=\n', '')
    assert.match(
      text,
      new RegExp(`The secret ending of the vault demo expires at ${new Date(exp * 1000).toISOString()}`),
    )
    assert.match(text, /cardea secret set ending/, 'what to do next')
    assert.ok(sink.mails.every((mail) => !mail.text.includes('never-in-a-mail')))
  })

  it('that can’t tell anybody says so, and tells when it can', async () => {
    const begin = async (house: House) => {
      const token = await (await house.newcomer('stranger')).token()
      await house.ask(house.vaultHost, 'GET', `/secrets/db?${version}`, { token })
      return (await put(house, 'burst', { watch: 'denied', threshold: 1, mail: ['ops@example.org'] })).json.trouble
    }
    {
      await using mute = await openHouse()
      assert.equal(await begin(mute), 'CARDEA_SMTP_URL is not set', 'before there is anything to tell')
      await until(async () => (await trouble(mute)) === 'CARDEA_SMTP_URL is not set')
    }
    await using sink = await openMailSink()
    sink.refuse = true
    await using house = await openHouse({
      env: { CARDEA_SMTP_URL: sink.url, CARDEA_MAIL_FROM: 'cardea@example.org' },
    })
    assert.equal(await begin(house), null)
    await until(async () => /EENVELOPE|EMESSAGE/.test((await trouble(house)) ?? ''))
    sink.refuse = false
    await lookAgain(house)
    assert.equal(sink.mails.length, 1)
    assert.equal(await trouble(house), null)
    await lookAgain(house)
    assert.equal(sink.mails.length, 1, 'what lasts isn’t news')
  })

  for (const down of ['mail', 'webhook'] as const) {
    it(`tells by its other channel, and once, while its ${down} is down, and by that when it is back`, async () => {
      await using sink = await openMailSink()
      let status = 200
      await using hook = await openWebHook(() => ({ status }))
      await using house = await openHouse({
        env: { CARDEA_SMTP_URL: sink.url, CARDEA_MAIL_FROM: 'cardea@example.org', CARDEA_ALERTS_PRIVATE: 'yes' },
        alerts: { ca: hook.ca, lookup: async () => ['127.0.0.1'] },
      })
      const fails = (is: boolean) => {
        if (down === 'mail') sink.refuse = is
        else status = is ? 503 : 200
      }
      const told = () => ({ mail: sink.mails.length, webhook: status === 200 ? hook.heard.length : 0 })
      const refused = async () => {
        const token = await (await house.newcomer('stranger')).token()
        await house.ask(house.vaultHost, 'GET', `/secrets/db?${version}`, { token })
      }
      fails(true)
      await refused()
      const body = { watch: 'denied', threshold: 1, mail: ['ops@example.org'], webhook: hook.url }
      assert.equal((await put(house, 'burst', body)).status, 200)
      await until(async () => new RegExp(`^${down}: `).test((await trouble(house)) ?? ''))
      await lookAgain(house)
      await lookAgain(house)
      assert.deepEqual(told(), { mail: 1, webhook: 1, [down]: 0 })
      assert.notEqual((await list(house))[0].told, null)
      const before = hook.heard.length
      fails(false)
      await lookAgain(house)
      await lookAgain(house)
      assert.deepEqual([sink.mails.length, hook.heard.length], [1, down === 'webhook' ? before + 1 : 1])
      assert.equal(await trouble(house), null)
    })
  }

  it('finds what lies in its scope alone', async () => {
    await using house = await openHouse()
    const token = await (await house.newcomer('stranger')).token()
    for (let count = 0; count < 3; count += 1)
      await house.ask(house.vaultHost, 'GET', `/secrets/db?${version}`, { token })
    assert.equal((await look(house, { scope: vaultId(house) })).length, 1)
    assert.equal((await look(house, { scope: vaultId(house), threshold: 4 })).length, 0)
    assert.equal((await look(house, { scope: `${vaultId(house)}2` })).length, 0)
    assert.equal((await look(house, {}, Date.now() + 6 * minute)).length, 0, 'long ago')
  })

  it('finds who asks more than a quota lets through', async () => {
    await using house = await openHouse({ env: { CARDEA_QUOTA: '2' } })
    const token = await house.developerToken()
    for (let count = 0; count < 6; count += 1)
      await house.ask(house.vaultHost, 'GET', `/secrets/db?${version}`, { token })
    const [finding] = await look(house, { watch: 'throttled', threshold: 1 })
    assert.match(finding?.says ?? '', /was held back by a quota (once|\d times)/)
  })

  it('finds secrets that expire soon or have, and none that is disabled or deleted', async () => {
    await using house = await openHouse()
    const token = await house.developerToken()
    const now = Math.floor(Date.now() / 1000)
    const set = (name: string, attributes: object) =>
      house.ask(house.vaultHost, 'PUT', `/secrets/${name}?${version}`, {
        token,
        body: { value: 'never-in-a-mail', attributes },
      })
    await set('soon', { exp: now + 86_400 })
    await set('over', { exp: now - 86_400 })
    await set('later', { exp: now + 90 * 86_400 })
    await set('never', {})
    await set('off', { exp: now + 60, enabled: false })
    await set('gone', { exp: now + 60 })
    await house.ask(house.vaultHost, 'DELETE', `/secrets/gone?${version}`, { token })
    const found = await look(house, { watch: 'near-expiry', withinMs: 30 * 86_400_000, scope: vaultId(house) })
    assert.deepEqual(
      found.map(({ says }) => says.replace(/ at .*/, '')),
      ['The secret over of the vault demo expired', 'The secret soon of the vault demo expires'],
    )
    assert.doesNotMatch(JSON.stringify(found), /never-in-a-mail/)
  })

  it('finds events that nobody takes', async () => {
    await using house = await openHouse({ env: { CARDEA_EVENTS_URL: 'http://127.0.0.1:9/' } })
    const token = await house.developerToken()
    await house.ask(house.vaultHost, 'PUT', `/secrets/db?${version}`, { token, body: { value: 'x' } })
    assert.equal((await look(house, { watch: 'late-events', threshold: 1, withinMs: 15 * minute })).length, 0)
    const [late] = await look(
      house,
      { watch: 'late-events', threshold: 1, withinMs: 15 * minute },
      Date.now() + 16 * minute,
    )
    assert.match(late?.says ?? '', /^1 event can’t be delivered, the oldest since /)
  })

  it('finds rotations that are blocked, and that ended in vain', async () => {
    await using house = await openHouse()
    const at = Date.now()
    await house.cardea.base.database.write(async ({ sql }) => {
      for (const [id, state, open] of [
        ['a', 'blocked', "'one'"],
        ['b', 'aborted', 'null'],
        ['c', 'grace', "'three'"],
      ]) {
        await sql.run(
          `insert into rotation (id, vault, name_key, open_key, provider, binding, scrub, state, reason, attempt, started, entered, next, gives_up)
           values ('${id}', 'demo', 'secret-${id}', ${open}, 'random', '{}', 1, '${state}', 'scheduled', 0, ${at}, ${at}, ${at + 3_600_000}, ${at + 3_600_000})`,
          [],
        )
      }
    })
    const found = await look(house, { watch: 'rotation-failed', withinMs: 86_400_000, scope: vaultId(house) })
    assert.deepEqual(
      found.map(({ says }) => says.slice(0, 46)),
      ['The rotation of secret-a in the vault demo is ', 'The rotation of secret-b in the vault demo end'],
    )
  })

  it('finds programs that still run on the old version so long after it was replaced', async () => {
    await using here = await openRotating({
      rotation: { providers: new Map([['fake', new FakeFarSide('set').provider]]) },
    })
    await here.set('db', 'first')
    assert.equal((await here.bind('db', { provider: 'fake', intervalSeconds: null, graceSeconds: 3_600 })).status, 200)
    const old = (await here.get('db')).json.id.split('/').at(-1)
    await here.report('web-1', { db: old })
    await here.report('web-2', { db: old })
    await here.rotate('db')
    await here.reaches('db', 'grace')
    const current = (await here.get('db')).json.id.split('/').at(-1)
    await here.report('web-2', { db: current })
    const laggards = { watch: 'laggards', scope: vaultId(here.house), threshold: 1 } as const
    assert.deepEqual(await look(here.house, { ...laggards, withinMs: 60 * minute }), [], 'not yet')
    const [finding, ...more] = await look(here.house, { ...laggards, withinMs: 0 }, Date.now() + 1_000)
    assert.match(finding?.says ?? '', /^shop web-1 still runs on the old version of db in the vault demo/)
    assert.match(finding?.says ?? '', /cardea secret readers db$/)
    assert.deepEqual(more, [])
    assert.deepEqual(await look(here.house, { ...laggards, withinMs: 0, threshold: 2 }, Date.now() + 1_000), [])
  })

  it('is one’s own at one’s own resource: nobody else’s is seen, changed or taken away', async () => {
    await using house = await openHouse()
    const { builtInRoles } = await import('@cardea/contract/roles')
    await put(house, 'same', { watch: 'denied', mail: ['owner@example.org'] })
    const manager = await house.newcomer('manager of the vault')
    await house.assign(manager.principal, builtInRoles.contributor, vaultId(house))
    const token = await manager.token(`https://${managementHost}`)
    const at = `?resource=${encodeURIComponent(vaultId(house))}`
    assert.equal(
      (await put(house, 'same', { watch: 'throttled', mail: ['x@example.org'] }, undefined, token)).status,
      403,
    )
    assert.equal(
      (await put(house, 'same', { watch: 'throttled', mail: ['x@example.org'] }, vaultId(house), token)).status,
      200,
    )
    const theirs = await house.ask(managementHost, 'GET', `/.cardea/alerts${at}`, { token })
    assert.deepEqual(
      theirs.json.value.map(({ mail }: { mail: string[] }) => mail),
      [['x@example.org']],
    )
    assert.equal((await house.ask(managementHost, 'DELETE', '/.cardea/alerts/same', { token })).status, 403)
    assert.equal((await house.ask(managementHost, 'DELETE', `/.cardea/alerts/SAME${at}`, { token })).status, 204)
    assert.equal((await house.ask(managementHost, 'DELETE', `/.cardea/alerts/same${at}`, { token })).status, 404)
    assert.equal((await list(house)).length, 1)
  })

  it('shows of a web hook its host alone, and keeps it sealed', async () => {
    await using house = await openHouse()
    const webhook = 'https://hooks.example.org/services/T0/B0/confidential?token=confidential'
    const { json } = await put(house, 'hook', { watch: 'denied', webhook })
    assert.equal(json.webhook, 'hooks.example.org')
    assert.doesNotMatch(JSON.stringify(await list(house)), /confidential/)
    const { rows } = await house.cardea.base.database.read.run('select * from alert_rule', [])
    assert.doesNotMatch(JSON.stringify(rows), /confidential/)
    const [{ sealed }] = rows as [{ sealed: Uint8Array }]
    assert.doesNotMatch(Buffer.from(sealed).toString('latin1'), /confidential/)
  })

  it('is refused with nobody to tell, with what could break a mail, and with a web hook into the house', async () => {
    await using house = await openHouse()
    for (const [what, body] of [
      ['nobody to tell', { watch: 'denied' }],
      ['something else to watch', { watch: 'weather', mail: ['a@b'] }],
      ['a line in an address', { watch: 'denied', mail: ['a@b.org\r\nBcc: c@d.org'] }],
      ['two addresses in one', { watch: 'denied', mail: ['a@b.org,c@d.org'] }],
      ['a name beside the address', { watch: 'denied', mail: ['Ops <a@b.org>'] }],
      ['a web hook without encryption', { watch: 'denied', webhook: 'http://example.org/' }],
      ['a web hook to this machine', { watch: 'denied', webhook: 'https://127.0.0.1/' }],
      ['a web hook to this machine by name', { watch: 'denied', webhook: 'https://localhost:8443/' }],
      ['a web hook to a cloud’s own services', { watch: 'denied', webhook: 'https://169.254.169.254/' }],
      ['a web hook to a private network in disguise', { watch: 'denied', webhook: 'https://[::ffff:10.0.0.1]/' }],
      ['a web hook to loopback as a number', { watch: 'denied', webhook: 'https://2130706433/' }],
      ['a web hook with a password', { watch: 'denied', webhook: 'https://user:password@example.org/' }],
      ['a threshold of nothing', { watch: 'denied', threshold: 0, mail: ['a@b.org'] }],
    ] as const) {
      const { status, text } = await put(house, 'rule', body)
      assert.equal(status, 400, `${what}: ${text}`)
      assert.doesNotMatch(text, /password@/)
    }
  })
})
