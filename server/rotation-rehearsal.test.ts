import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname } from 'node:path'
import { describe, it } from 'node:test'
import type { Check, RehearsalView } from '@cardea/contract/cardea/rehearsals'
import { providersWith } from '@cardea/providers/providers'
import { newKey } from '@cardea/providers/ssh/openssh-key'
import { startForgetful } from '@cardea/providers/testing/between'
import { administratorOf, startServices } from '@cardea/providers/testing/services'
import { findMariadb, startMariadb } from '@cardea/tools/servers/mariadb'
import { freePort } from '@cardea/tools/servers/ports'
import { findPostgres, startPostgres } from '@cardea/tools/servers/postgres'
import { findRabbitmq, startRabbitmq } from '@cardea/tools/servers/rabbitmq'
import { findRedis, startRedis } from '@cardea/tools/servers/redis'
import { needs } from '@cardea/tools/servers/require'
import { findSshd, startSshd } from '@cardea/tools/servers/sshd'
import { Client } from 'pg'
import { FakeFarSide } from '#core/rotation/testing/far-side.ts'
import { managerOf, vaultPath } from './planes/management/testing/manager.ts'
import { onBothEngines } from './testing/engines.ts'
import { fastTimes, openRotating, type Rotating } from './testing/rotating.ts'

const times = { ...fastTimes, requestMs: 2_000, leaseMs: 5_000, quarantineMs: 7_500, graceMs: 8_000, giveUpMs: 30_000 }
const open = (env: Record<string, string> = {}) =>
  openRotating({ env, rotation: { times, providers: providersWith({ loopback: true }) } })
const path = '/.cardea/secrets/target/rotation'

async function rehearsed(here: Rotating): Promise<readonly Check[]> {
  const begun = await here.ask('POST', `${path}/rehearse`)
  assert.equal(begun.status, 202, begun.text)
  let view = begun.json as RehearsalView
  await here
    .until('the rehearsal is over', async () => {
      view = (await here.ask('GET', `${path}/rehearsal`)).json as RehearsalView
      return view.ended !== null
    })
    .catch((error: unknown) => {
      throw new Error(JSON.stringify(view.checks), { cause: error })
    })
  return view.checks
}
const remedies = (checks: readonly Check[]) => checks.filter(({ wrong }) => wrong !== null).map(({ remedy }) => remedy)

const postgres = needs('PostgreSQL', findPostgres)
const mariadb = needs('MariaDB', findMariadb)
const rabbitmq = needs('RabbitMQ', findRabbitmq)
const redis = needs('Redis', findRedis)
const sshd = needs('OpenSSH’s server', findSshd)

describe('a rehearsal', () => {
  it('of PostgreSQL names each missing privilege, and leaves nothing behind', { skip: postgres.skip }, async () => {
    await using server = await startPostgres({ database: 'shop' })
    const root = new Client(server.url())
    // The server may end before this connection does, where the test fails.
    root.on('error', () => {})
    await root.connect()
    await root.query(`create role dba login createrole password 'dba-word'; grant pg_signal_backend to dba;
      create role shop nologin; create role shop_a; create role shop_b`)
    const recent = Number((await root.query('show server_version_num')).rows[0].server_version_num) >= 160_000
    if (recent) await root.query('grant shop, shop_a, shop_b to dba with admin option')
    await using here = await open()
    const { host, port } = server
    await here.set('admin', server.url('dba', 'dba-word', 'shop'))
    await here.set('target', server.url('shop_a', 'x', 'shop'))
    const binding = { host, port, database: 'shop', admin: 'admin', roles: ['shop_a', 'shop_b'], owner: 'shop' }
    const bind = (more: object = {}) =>
      here.bind('target', { provider: 'postgres', binding: { ...binding, ...more }, intervalSeconds: null })
    assert.equal((await bind()).status, 200)
    const rolesBefore = await roles()

    const whole = await rehearsed(here)
    assert.deepEqual(remedies(whole), [], JSON.stringify(whole))
    assert.ok(whole.some(({ what }) => what.includes('logs in as a program')))

    const privileges: [string, string, string][] = [
      ['alter role dba nocreaterole', 'alter role dba createrole', 'ALTER ROLE "dba" CREATEROLE;'],
      ['revoke pg_signal_backend from dba', 'grant pg_signal_backend to dba', 'GRANT pg_signal_backend TO "dba";'],
      ...(recent
        ? ['shop', 'shop_a', 'shop_b'].map((role): [string, string, string] => [
            `revoke ${role} from dba`,
            `grant ${role} to dba with admin option`,
            `GRANT "${role}" TO "dba" WITH ADMIN OPTION;`,
          ])
        : []),
      [
        'revoke connect on database shop from public',
        'grant connect on database shop to public',
        'GRANT CONNECT ON DATABASE "shop" TO',
      ],
      [`alter role dba password 'another'`, `alter role dba password 'dba-word'`, 'Set the secret admin'],
    ]
    for (const [away, back, remedy] of privileges) {
      await root.query(away)
      if (away.includes('connect')) await root.query('grant connect on database shop to dba')
      const missing = remedies(await rehearsed(here))
      assert.equal(missing.length, 1, `${away}: ${JSON.stringify(missing)}`)
      assert.ok(missing[0]?.startsWith(remedy), `${away}: ${missing[0]}`)
      await root.query(back)
      assert.deepEqual(await roles(), rolesBefore, away)
    }

    // Where nobody listens, where there is no TLS, and where the owner isn't what it must be.
    const closed = await freePort()
    await here.set('admin', `postgresql://dba:dba-word@${host}:${closed}/shop`)
    await bind({ port: closed })
    assert.match(remedies(await rehearsed(here)).join(), /Nothing listens there/)
    await here.set('admin', `${server.url('dba', 'dba-word', 'shop')}?sslmode=verify-full`)
    await bind()
    assert.match(remedies(await rehearsed(here)).join(), /TLS/)
    await root.query('alter role shop login')
    await here.set('admin', server.url('dba', 'dba-word', 'shop'))
    const wrong = (await rehearsed(here)).filter((check) => check.wrong !== null)
    assert.match(wrong[0]?.wrong ?? '', /shop can log in/)
    await root.query('alter role shop nologin')
    assert.ok(!JSON.stringify(wrong).includes('dba-word'))
    await root.end()

    async function roles() {
      return (await root.query('select rolname, rolpassword, rolcanlogin from pg_authid order by 1')).rows.filter(
        ({ rolname }) => rolname !== 'dba',
      )
    }
  })

  it('of PostgreSQL that is cut off anywhere sweeps its twin away when it goes on', {
    skip: postgres.skip,
  }, async () => {
    await using server = await startPostgres({ database: 'shop' })
    const root = new Client(server.url())
    // The server may end before this connection does, where the test fails.
    root.on('error', () => {})
    await root.connect()
    await root.query('create role shop')
    await using between = await startForgetful(server.port)
    await using here = await open()
    const { host } = server
    await here.set('admin', server.url().replace(`:${server.port}`, `:${between.port}`))
    await here.set('target', 'first')
    const binding = { host, port: between.port, database: 'shop', admin: 'admin', role: 'shop' }
    await here.bind('target', { provider: 'postgres-role', binding, intervalSeconds: null })
    for (let answers = 0; answers < 24; answers += 2) {
      between.cutAfter(answers)
      await here.ask('POST', `${path}/rehearse`)
      await here.until('an attempt has failed', async () => {
        const { json } = await here.ask('GET', `${path}/rehearsal`)
        return json.checks.length > 0
      })
      between.cutAfter(undefined)
      await rehearsed(here)
      const { rows } = await root.query(`select rolname from pg_roles where rolname like 'cardea%'`)
      assert.deepEqual(rows, [], `cut after ${answers} answers`)
    }
    await root.end()
  })

  it('of Redis names each missing privilege, and leaves no password behind', { skip: redis.skip }, async () => {
    await using server = await startRedis()
    const { host, port } = server
    await server.say('ACL SETUSER shop on >first +@all ~*')
    const commands = ['acl|getuser', 'acl|setuser', 'acl|save', 'client|kill']
    await server.say(`ACL SETUSER dba on >dba-word +auth ${commands.map((command) => `+${command}`).join(' ')}`)
    await using here = await open()
    await here.set('admin', `redis://dba:dba-word@${host}:${port}`)
    await here.set('target', 'first')
    const binding = { host, port, admin: 'admin', user: 'shop' }
    await here.bind('target', { provider: 'redis', binding, intervalSeconds: null })
    const before = JSON.stringify(await server.say('ACL GETUSER shop'))
    assert.deepEqual(remedies(await rehearsed(here)), [])
    for (const command of commands) {
      await server.say(`ACL SETUSER dba -${command}`)
      const missing = remedies(await rehearsed(here))
      assert.ok(missing.includes(`ACL SETUSER dba +${command}`), `${command}: ${missing}`)
      await server.say(`ACL SETUSER dba +${command}`)
      assert.equal(JSON.stringify(await server.say('ACL GETUSER shop')), before, command)
    }
  })

  it('of MariaDB names each missing privilege, and leaves no user behind', { skip: mariadb.skip }, async () => {
    await using server = await startMariadb()
    const { host, port } = server
    await server.say(`create user shop@'127.0.0.%' identified by 'first'; create user dba identified by 'dba-word';
      grant create user, connection admin on *.* to dba; grant select on mysql.* to dba`)
    await using here = await open()
    await here.set('admin', server.url('dba', 'dba-word'))
    await here.set('target', 'first')
    const binding = { host, port, admin: 'admin', user: 'shop', from: '127.0.0.%' }
    const bind = (more: object = {}) =>
      here.bind('target', { provider: 'mariadb', binding: { ...binding, ...more }, intervalSeconds: null })
    assert.equal((await bind()).status, 200)
    const users = () => server.say("select user, host, authentication_string from mysql.user where user != 'dba'")
    const before = await users()
    const whole = await rehearsed(here)
    assert.deepEqual(remedies(whole), [], JSON.stringify(whole))
    assert.ok(whole.some(({ what }) => what === 'It logs in with both, as programs would.'))
    assert.ok(whole.some(({ what }) => what === 'The server is MariaDB.'))
    assert.equal(await users(), before)

    const me = "'dba'@'%'"
    for (const [away, back, remedy] of [
      ['revoke create user on *.* from dba', 'grant create user on *.* to dba', `GRANT CREATE USER ON *.* TO ${me};`],
      ['revoke select on mysql.* from dba', 'grant select on mysql.* to dba', `GRANT SELECT ON mysql.* TO ${me};`],
      [
        'revoke connection admin on *.* from dba',
        'grant connection admin on *.* to dba',
        `GRANT CONNECTION ADMIN ON *.* TO ${me};`,
      ],
      [
        "alter user dba identified by 'another'",
        "alter user dba identified by 'dba-word'",
        'Set the secret admin to a URI with the right password.',
      ],
    ] as const) {
      await server.say(away)
      assert.deepEqual(remedies(await rehearsed(here)), [remedy], away)
      await server.say(back)
      assert.equal(await users(), before, away)
    }

    await server.say("create user shop@'10.0.0.%' identified by 'first'")
    await bind({ from: '10.0.0.%' })
    const elsewhere = (await rehearsed(here)).filter(({ wrong }) => wrong !== null)
    assert.match(String(elsewhere[0]?.wrong), /comes from '10\.0\.0\.%' isn't let in; look at "from"/)
    await bind({ user: 'nobody-here' })
    const absent = (await rehearsed(here)).filter(({ wrong }) => wrong !== null)
    assert.match(String(absent[0]?.wrong), /doesn't exist; create it with what it may do/)
    const closed = await freePort()
    await here.set('admin', `mysql://dba:dba-word@${host}:${closed}`)
    await bind({ port: closed })
    const unreached = await rehearsed(here)
    assert.match(remedies(unreached).join(), /Nothing listens there/)
    assert.ok(!JSON.stringify([whole, elsewhere, absent, unreached]).includes('dba-word'))
    assert.doesNotMatch(await users(), /cardea/)
  })

  it('of RabbitMQ names what is missing, and leaves no user behind', { skip: rabbitmq.skip }, async () => {
    await using server = await startRabbitmq()
    const { host, port } = server
    await server.ask('PUT', 'users/shop', { password: 'first', tags: '' })
    const dba = (tags: string, password = 'dba-word') => server.ask('PUT', 'users/dba', { password, tags })
    await dba('administrator')
    await using here = await open()
    await here.set('admin', server.url('dba', 'dba-word'))
    await here.set('target', 'first')
    const binding = { host, port, admin: 'admin', user: 'shop' }
    const bind = (more: object = {}) =>
      here.bind('target', { provider: 'rabbitmq', binding: { ...binding, ...more }, intervalSeconds: null })
    assert.equal((await bind()).status, 200)
    const users = async () =>
      (JSON.parse((await server.ask('GET', 'users')).text) as { name: string }[]).map(({ name }) => name)
    const before = await users()
    const whole = await rehearsed(here)
    assert.deepEqual(remedies(whole), [], JSON.stringify(whole))
    assert.ok(whole.some(({ what }) => what.includes('logs in with that as a program would')))
    assert.deepEqual(await users(), before)

    for (const tags of ['', 'monitoring']) {
      await dba(tags)
      const missing = remedies(await rehearsed(here))
      assert.ok(missing.includes('rabbitmqctl set_user_tags dba administrator'), `${tags}: ${missing}`)
    }
    await dba('administrator', 'another')
    assert.deepEqual(remedies(await rehearsed(here)), ['Set the secret admin to a URI with the right password.'])
    await dba('administrator')
    await bind({ user: 'nobody-here' })
    assert.match(remedies(await rehearsed(here)).join(), /Create the user with what it may do/)
    const closed = await freePort()
    await here.set('admin', `http://dba:dba-word@${host}:${closed}`)
    await bind({ port: closed })
    const unreached = await rehearsed(here)
    assert.match(remedies(unreached).join(), /Nothing listens there/)
    assert.ok(!JSON.stringify([whole, unreached]).includes('dba-word'))
    assert.deepEqual(await users(), before)
  })

  it('of a service with two keys tries all but to make one anew, and says so', async () => {
    await using services = await startServices()
    await using here = await open()
    await here.set('admin', administratorOf(services))
    await here.set('target', String(services.keys.get('key1')))
    const account = `${services.origin}/subscriptions/s/resourceGroups/r/providers/Microsoft.Storage/storageAccounts/shop`
    const bind = (more: object = {}) => {
      const binding = { account, apiVersion: '2023-01-01', admin: 'admin', ...more }
      return here.bind('target', { provider: 'two-key', binding, intervalSeconds: null })
    }
    assert.equal((await bind()).status, 200)
    const before = [...services.keys]
    const whole = await rehearsed(here)
    assert.deepEqual(remedies(whole), [], JSON.stringify(whole))
    for (const said of [
      /key1 and key2 are listed/,
      /isn’t tried, since the one before would be gone/,
      /may Microsoft.Storage\/\S+\/regenerateKey\/action/,
    ])
      assert.ok(
        whole.some(({ what }) => said.test(what)),
        String(said),
      )

    services.may.delete('regenerateKey')
    assert.match(
      remedies(await rehearsed(here)).join(),
      /Assign a role with Microsoft.Storage\/storageAccounts\/regenerateKey\/action to the application \S+ on \/subscriptions/,
    )
    services.may.delete('listKeys')
    assert.match(remedies(await rehearsed(here)).join(), /Assign a role with listKeys\/action/)
    services.may.add('listKeys')
    await bind({ keys: ['key1', 'key3'] })
    assert.ok((await rehearsed(here)).some(({ wrong }) => wrong === 'The account lists no key key3'))
    // Somebody who has no resource manager beside it.
    services.may.add('regenerateKey')
    await bind({ account: `${services.origin}/account` })
    const unasked = await rehearsed(here)
    assert.deepEqual(remedies(unasked), [])
    assert.ok(unasked.some(({ what }) => /Nor does anybody say whether/.test(what)))
    await here.set(
      'admin',
      administratorOf({ ...services, administrator: { ...services.administrator, clientSecret: 'x' } }),
    )
    assert.deepEqual(remedies(await rehearsed(here)), ['Set the secret admin to an application with the right secret.'])
    const closed = await freePort()
    await here.set('admin', administratorOf(services, closed))
    await bind({ account: `http://127.0.0.1:${closed}/account` })
    assert.match(remedies(await rehearsed(here)).join(), /Nothing listens there/)
    assert.deepEqual([...services.keys], before)
    assert.ok(!services.heard.some((line) => line.includes('regenerateKey')))
  })

  it('of a function is its own affair, if it says that it can', async () => {
    const key = randomBytes(32).toString('base64')
    const heard: { method: string; step: string; signed: boolean }[] = []
    let knows = ''
    let answer: [number, unknown] = [200, { checks: [{ what: 'A twin comes and goes.' }] }]
    const server = createServer(async (request, reply) => {
      const body = Buffer.concat(await request.toArray()).toString('utf8')
      const { method = '', headers } = request
      heard.push({
        method,
        step: body === '' ? '' : JSON.parse(body).data.step,
        signed: 'webhook-signature' in headers,
      })
      if (method === 'OPTIONS') return reply.writeHead(204, { 'cardea-rotation-steps': knows }).end()
      return reply.writeHead(answer[0]).end(JSON.stringify(answer[1]))
    }).listen(0, '127.0.0.1')
    await using closing = new AsyncDisposableStack()
    closing.defer(() => {
      server.closeAllConnections()
      server.close()
    })
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    await using here = await open()
    await here.set('key', key)
    await here.set('target', 'first')
    const bind = (to: number) =>
      here.bind('target', {
        provider: 'webhook',
        binding: { url: `http://127.0.0.1:${to}/x`, key: 'key' },
        intervalSeconds: null,
      })
    assert.equal((await bind(port)).status, 200)
    const unable = await rehearsed(here)
    assert.deepEqual(remedies(unable), [])
    assert.ok(unable.some(({ what }) => /doesn’t say that it can rehearse/.test(what)))
    assert.deepEqual(heard, [{ method: 'OPTIONS', step: '', signed: true }])

    knows = 'apply, probe, retire, Rehearse'
    assert.ok((await rehearsed(here)).some(({ what }) => what === 'A twin comes and goes.'))
    assert.deepEqual(heard.at(-1), { method: 'POST', step: 'rehearse', signed: true })
    answer = [200, { checks: [{ what: 'It may log in.', wrong: 'It may not', remedy: 'Let it.' }] }]
    assert.deepEqual(remedies(await rehearsed(here)), ['Let it.'])

    await here.set('key', 'short')
    assert.deepEqual(remedies(await rehearsed(here)), ['Set the secret key.'])
    await here.set('key', key)
    const closed = await freePort()
    await bind(closed)
    assert.match(remedies(await rehearsed(here)).join(), /Nothing listens there/)
  })

  it('of an SSH key names what is in the way, and leaves the file as it was', { skip: sshd.skip }, async () => {
    await using target = await startSshd()
    await using here = await open()
    const { host, port, hostKey, user, keys } = target
    const admin = newKey()
    const before = `# keys\r\nssh-ed25519 ${admin.blob} admin`
    await writeFile(keys, before)
    const administrator = (to: number) => JSON.stringify({ hosts: [`${host}:${to}`], user, privateKey: admin.file })
    const binding = { host, port, hostKeys: [hostKey], user, admin: 'admin' }
    const bind = (more: object = {}) =>
      here.bind('target', { provider: 'ssh', binding: { ...binding, ...more }, intervalSeconds: null })
    await here.set('admin', administrator(port))
    await here.set('target', newKey().file)
    assert.equal((await bind()).status, 200)
    const whole = await rehearsed(here)
    assert.deepEqual(remedies(whole), [], JSON.stringify(whole))
    assert.ok(whole.some(({ what }) => what.includes('logs in as a program')))
    assert.equal(await readFile(keys, 'utf8'), `${before}\n`)

    await chmod(dirname(keys), 0o500)
    assert.match(remedies(await rehearsed(here)).join(), /Let \S+ write .ssh\/authorized_keys and its folder/)
    await chmod(dirname(keys), 0o700)
    await bind({ hostKeys: [`ssh-ed25519 ${newKey().blob}`] })
    assert.match(remedies(await rehearsed(here)).join(), /Ask the host’s administrator for its keys/)
    await bind({ file: 'elsewhere' })
    const elsewhere = (await rehearsed(here)).filter(({ wrong }) => wrong !== null)
    assert.match(String(elsewhere[0]?.wrong), /does sshd look there/)
    await bind()
    await writeFile(keys, '')
    assert.match(remedies(await rehearsed(here)).join(), /Put the public half of the key in admin into/)
    const closed = await freePort()
    await here.set('admin', administrator(closed))
    await bind({ port: closed })
    const unreached = await rehearsed(here)
    assert.match(remedies(unreached).join(), /Nothing listens there/)
    assert.ok(!JSON.stringify([whole, elsewhere, unreached]).includes(admin.file.slice(80, 120)))
    assert.equal(await readFile(keys, 'utf8'), '')
  })

  it('that a deletion of its vault cuts off goes on when the vault is back, and sweeps its twin away', async () => {
    const far = new FakeFarSide('slots')
    let reaches = false
    const provider = { ...far.provider, rehearse: async () => ({ checks: [], clean: reaches }) }
    await using here = await openRotating({ rotation: { times, providers: new Map([['fake', provider]]) } })
    await here.bind('target', { provider: 'fake', intervalSeconds: null })
    await here.reaches('target', 'done')
    assert.equal((await here.ask('POST', `${path}/rehearse`)).status, 202)
    const manager = await managerOf(here.house)
    assert.equal((await manager.ask('DELETE', vaultPath('demo'))).status, 200)
    const { database } = here.house.cardea.base
    const waits = async () =>
      (await database.read.run(`select at from due where kind = 'rehearsal'`, [])).rows.length > 0
    await here.until('nobody rehearses any more', async () => !(await waits()))
    reaches = true
    const { tenant } = here.house.cardea.installation
    const properties = { tenantId: tenant, sku: { family: 'A', name: 'standard' }, createMode: 'recover' }
    const recovered = await manager.ask('PUT', vaultPath('demo'), { location: 'local', properties })
    assert.equal(recovered.status, 200, recovered.text)
    const over = async () => (await here.ask('GET', `${path}/rehearsal`)).json.ended !== null
    await here.until('the rehearsal is over', over)
  })

  it('whose provider is gone ends and says so, and is not begun again for good', async () => {
    const providers = new Map([['fake', new FakeFarSide('slots').provider]])
    await using here = await openRotating({ rotation: { times, providers } })
    await here.bind('target', { provider: 'fake', intervalSeconds: null })
    await here.reaches('target', 'done')
    providers.delete('fake')
    const [check, ...others] = (await rehearsed(here)).filter(({ wrong }) => wrong !== null)
    assert.deepEqual(others, [])
    assert.match(check?.wrong ?? '', /no provider fake/)
    assert.match(check?.remedy ?? '', /Bind the secret anew/)
  })

  it('tells nothing of what it draws on in any of its words, whatever the provider says', async () => {
    const told = { what: 'asks as root-word', wrong: 'root-word was refused', remedy: 'set root-word' }
    const provider = {
      ...new FakeFarSide('slots', 'admin').provider,
      rehearse: async () => ({ checks: [told], clean: true }),
    }
    await using here = await openRotating({ rotation: { times, providers: new Map([['fake', provider]]) } })
    await here.set('admin', 'root-word')
    await here.bind('target', { provider: 'fake', intervalSeconds: null })
    const checks = JSON.stringify(await rehearsed(here))
    assert.match(checks, /asks as …/)
    assert.doesNotMatch(checks, /root-word/)
  })

  it('tells what the engine itself lacks, and who would not follow', async () => {
    await using here = await open()
    const old = await here.set('target', 'first')
    await here.bind('target', { provider: 'random', intervalSeconds: null })
    assert.equal((await here.ask('GET', `${path}/rehearsal`)).status, 404)
    assert.deepEqual(remedies(await rehearsed(here)), [])
    await here.set('target', 'second')
    await here.report('shop-1', { target: old })
    const missing = remedies(await rehearsed(here))
    assert.equal(missing.length, 1)
    assert.match(missing[0] ?? '', /Restart it/)
    assert.equal((await here.ask('POST', '/.cardea/secrets/none/rotation/rehearse')).status, 404)
  })
})

onBothEngines((keep) => {
  it('a rehearsal of an app registration makes one more password, and leaves as many as there were', async () => {
    await using services = await startServices()
    await using kept = await keep()
    await using here = await open(kept.env)
    const { origin, application } = services
    const { id, clientId } = application
    await here.set('admin', administratorOf(services))
    await here.set('target', 'nobody-knows-this')
    const binding = {
      ...{ graph: `${origin}/v1.0`, tokenUrl: `${origin}/token`, scope: 'api://shop/.default', admin: 'admin' },
      ...{ application: id, clientId },
    }
    const bind = (more: object = {}) =>
      here.bind('target', { provider: 'app-registration', binding: { ...binding, ...more }, intervalSeconds: null })
    assert.equal((await bind()).status, 200)
    assert.deepEqual(remedies(await rehearsed(here)), [])
    assert.ok(services.heard.some((line) => line.endsWith('/addPassword')))
    assert.equal(services.passwords.size, 0)

    await bind({ application: randomUUID() })
    assert.match(remedies(await rehearsed(here)).join(), /Make the application in admin an owner/)
    assert.equal(services.passwords.size, 0)
  })
})
