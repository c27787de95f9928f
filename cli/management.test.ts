import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { openHouse } from '@cardea/server/testing/house'
import { runAt } from './testing/real.ts'

const folder = mkdtempSync(join(tmpdir(), 'cardea-management-'))
const house = await openHouse()
after(async () => {
  await house[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})
const cardea = (...words: string[]) => runAt(house, words)
async function json(...words: string[]) {
  const { exit, out, err } = await cardea(...words, '--json')
  assert.deepEqual([exit, err], [0, ''], words.join(' '))
  return JSON.parse(out)
}
/** What goes wrong says so in a sentence, and not as a bug. */
async function refused(words: readonly string[], said: RegExp, code = 1): Promise<void> {
  const { exit, out, err } = await cardea(...words)
  assert.deepEqual([exit, out], [code, ''], words.join(' '))
  assert.match(err, said)
  assert.doesNotMatch(err, /\n +at /)
}

for (const kind of ['vault', 'store'] as const) {
  describe(`a ${kind}`, () => {
    it('is made, listed, deleted, recovered and purged', async () => {
      const made = await json(kind, 'create', `new-${kind}`, '--retention', '7')
      assert.match(made.url, new RegExp(`^https://new-${kind}\\.(vault|config)\\.`))
      const names = async (...more: string[]) =>
        (await json(kind, 'list', ...more)).map(({ name }: { name: string }) => name).sort()
      assert.deepEqual(await names(), ['demo', `new-${kind}`])
      assert.equal((await cardea(kind, 'delete', `new-${kind}`)).exit, 0)
      assert.deepEqual([await names(), await names('--deleted')], [['demo'], [`new-${kind}`]])
      await refused([kind, 'create', `new-${kind}`], /./)
      assert.equal((await cardea(kind, 'recover', `NEW-${kind}`)).exit, 0)
      assert.deepEqual(await names(), ['demo', `new-${kind}`])
      await cardea(kind, 'delete', `new-${kind}`)
      await refused([kind, 'purge', `new-${kind}`], /final.*--yes/, 2)
      assert.equal((await cardea(kind, 'purge', `new-${kind}`, '--yes')).exit, 0)
      assert.deepEqual(await names('--deleted'), [])
    })

    it('that is not there, or there already, is told in words', async () => {
      await refused([kind, 'delete', 'nowhere'], new RegExp(`no ${kind} nowhere`))
      await refused([kind, 'recover', 'demo'], new RegExp(`no deleted ${kind} demo`))
      await refused([kind, 'purge', 'demo', '--yes'], new RegExp(`no deleted ${kind} demo`))
      await refused([kind, 'create', 'demo'], /is a (vault|store) demo already/)
      await refused([kind, 'create', 'a b/c'], /./)
      await refused([kind, 'create', 'shop', '--retention', 'soon'], /number of days/, 2)
      await refused([kind, 'create', 'shop', '--group', 'nowhere'], /./)
    })
  })
}

describe('the limits of a store', () => {
  it('are shown, said anew and taken away, and what it holds is counted', async () => {
    const before = await json('store', 'limits', 'demo')
    assert.deepEqual([before.settingBytesMax, before.storageBytesMax, before.historySeconds], [10_240, null, 2_592_000])
    const given = ['--setting-bytes', '20000', '--storage-bytes', '5000000', '--history', '7d']
    const said = await json('store', 'limits', 'demo', ...given)
    assert.deepEqual([said.settingBytesMax, said.storageBytesMax, said.historySeconds], [20_000, 5_000_000, 604_800])
    await cardea('setting', 'set', 'Limits:Large', 'x'.repeat(15_000))
    assert.ok((await json('store', 'limits', 'demo')).storageBytes > before.storageBytes + 15_000)
    const { out } = await cardea('store', 'limits', 'demo', '--storage-bytes', 'none', '--history', '30d')
    assert.match(
      out,
      /one setting +at most 20000 bytes\nall of it +without limit\nholds +\d+ bytes\nremembers +30 days/,
    )
  })

  it('are refused where they make no sense', async () => {
    await refused(['store', 'limits', 'demo', '--storage-bytes', '1GB'], /number of bytes/, 2)
    await refused(['store', 'limits', 'demo', '--storage-bytes', '1'], /at least 1048576/)
    await refused(['store', 'limits', 'demo', '--history', 'long'], /must be a time/, 2)
    await refused(['store', 'limits', 'nowhere'], /no store nowhere/)
  })
})

describe('an application', () => {
  it('is registered, given a password that is shown once, and that proves nothing once it is taken away', async () => {
    const made = await json('app', 'create', 'orders-app')
    const { exit, out: password, err } = await cardea('app', 'add-password', 'orders-app', '--password-name', 'first')
    assert.equal(exit, 0, err)
    assert.ok(!err.includes(password))
    await house.tokenFor(made.appId, password)
    const [listed] = (await json('app', 'list')).filter(({ name }: { name: string }) => name === 'orders-app')
    assert.equal(listed.passwords.length, 1)
    assert.ok(!JSON.stringify(listed).includes(password))
    assert.equal((await cardea('app', 'remove-password', made.appId, listed.passwords[0].keyId)).exit, 0)
    await assert.rejects(house.tokenFor(made.appId, password), /401|400/)
  })

  it('whose password would be seen on a screen keeps it', async () => {
    const screen = { terminal: { in: true, out: true, colours: false } }
    const { exit, out } = await runAt(house, ['app', 'add-password', 'orders-app'], screen)
    assert.deepEqual([exit, out], [1, ''])
    assert.equal(
      (await json('app', 'list')).find(({ name }: { name: string }) => name === 'orders-app').passwords.length,
      0,
    )
  })

  it('that nobody or several are called by is not guessed', async () => {
    await refused(['app', 'delete', 'nobody'], /nobody called nobody/)
    await refused(['app', 'delete', "o'brien"], /nobody called o'brien/)
    await json('app', 'create', 'twin')
    const { id } = await json('app', 'create', 'twin')
    await refused(['app', 'delete', 'twin'], /2 are called twin[\s\S]*object id/)
    assert.equal((await cardea('app', 'delete', id)).exit, 0)
    assert.equal((await cardea('app', 'delete', 'twin')).exit, 0)
  })
})

describe('a workload', () => {
  it('is made with an identity, listed, and gone with it', async () => {
    const made = await json('workload', 'create', 'shop-program')
    assert.match(made.id, /\/providers\/Cardea\.Workload\/workloads\/shop-program$/)
    assert.equal((await cardea('role', 'assign', made.principal, 'Key Vault Reader', 'demo')).exit, 0)
    assert.deepEqual(await json('workload', 'list'), [made])
    await refused(['workload', 'create', 'SHOP-program'], /already/)
    await refused(['workload', 'create', 'no name'], /./)
    const env = await json('env', '--workload', made.id)
    assert.match(env.IDENTITY_HEADER, /^[\w-]{43}$/)
    for (const name of ['AZURE_CLIENT_ID', 'AZURE_CLIENT_SECRET', 'CARDEA_IDENTITY_HEADER']) {
      assert.equal(env[name], undefined, name)
    }
    assert.match((await cardea('env', '--workload', made.id)).out, /^unset AZURE_CLIENT_SECRET$/m)
    await refused(['env', '--workload', 'shop-program'], /resource id/, 2)
    assert.equal((await cardea('workload', 'delete', 'shop-program')).exit, 0)
    assert.deepEqual(await json('workload', 'list'), [])
    await refused(['workload', 'delete', 'shop-program'], /no workload shop-program/)
  })
})

describe('a role', () => {
  const role = 'Key Vault Secrets User'
  it('is given to an application for one secret, seen, and taken away', async () => {
    const { appId } = await json('app', 'create', 'reader')
    const password = (await cardea('app', 'add-password', appId)).out
    await runAt(house, ['secret', 'set', 'shared'], { stdin: 'x' })
    const read = async () => {
      const token = await house.tokenFor(appId, password)
      return (await house.ask(house.vaultHost, 'GET', '/secrets/shared?api-version=7.4', { token })).status
    }
    assert.equal(await read(), 403)
    assert.equal((await cardea('role', 'assign', 'reader', role.toLowerCase(), 'demo/shared')).exit, 0)
    assert.equal(await read(), 200)
    const [held] = await json('role', 'list', 'demo/shared', '--who', appId)
    assert.deepEqual([held.name, held.role, held.kind], ['reader', role, 'ServicePrincipal'])
    assert.match(held.scope, /\/secrets\/shared$/)
    await refused(['role', 'assign', 'reader', role, 'demo/shared'], /already exists|exists/i)
    await refused(['role', 'unassign', 'reader', role, 'demo'], /isn't Key Vault Secrets User at .* itself/)
    assert.equal((await cardea('role', 'unassign', appId, role, 'demo/shared')).exit, 0)
    assert.equal(await read(), 403)
  })

  it('reaches people by way of their groups', async () => {
    await runAt(house, ['user', 'add', 'ada@example.org'], { stdin: 'correct horse battery' })
    await json('group', 'create', 'operators', '--description', 'who is on duty')
    assert.equal((await cardea('group', 'add', 'operators', 'ada@example.org')).exit, 0)
    assert.deepEqual(
      (await json('group', 'members', 'operators')).map(({ name, kind }: Record<string, string>) => [name, kind]),
      [['ada', 'user']],
    )
    assert.equal((await cardea('role', 'assign', 'operators', 'App Configuration Data Reader', 'store:demo')).exit, 0)
    const held = await json('role', 'list', '--who', 'ada@example.org')
    assert.deepEqual(
      held.map(({ name, role }: Record<string, string>) => [name, role]),
      [['operators', 'App Configuration Data Reader']],
    )
    assert.equal((await cardea('group', 'remove', 'operators', 'ada@example.org')).exit, 0)
    assert.deepEqual(await json('role', 'list', '--who', 'ada@example.org'), [])
    assert.deepEqual(
      (await json('group', 'list')).map(({ name, description }: Record<string, string>) => [name, description]),
      [['operators', 'who is on duty']],
    )
    assert.equal((await cardea('group', 'delete', 'operators')).exit, 0)
    assert.equal((await cardea('user', 'delete', 'ada@example.org')).exit, 0)
    assert.deepEqual(await json('user', 'list'), [])
  })

  it('that there isn’t, for nobody, or nowhere, is told in words', async () => {
    await refused(
      ['role', 'assign', 'reader', 'Key Vault Secrets Usr', 'demo'],
      /Did you mean "Key Vault Secrets User"/,
    )
    await refused(['role', 'assign', 'nobody', role, 'demo'], /nobody called nobody/)
    await refused(['role', 'assign', 'reader', role, 'nowhere'], /no vault nowhere/)
    await refused(['role', 'assign', 'reader', role, 'store:nowhere'], /no store nowhere/)
    await refused(['role', 'assign', 'reader', role, 'a/b/c'], /WHERE is/, 2)
    await refused(['role', 'assign', 'reader', role, 'demo', '--condition', 'nonsense'], /./)
    assert.ok((await json('role', 'names')).some(({ name }: { name: string }) => name === role))
  })
})

describe('a lock', () => {
  it('keeps a vault from being deleted until it is taken away', async () => {
    await json('vault', 'create', 'kept')
    assert.equal((await cardea('lock', 'set', 'keep', 'kept', '--notes', 'the last one')).exit, 0)
    const [lock] = (await json('lock', 'list')).filter(({ name }: { name: string }) => name === 'keep')
    assert.deepEqual([lock.level, lock.notes], ['CanNotDelete', 'the last one'])
    assert.match(lock.scope, /\/vaults\/kept$/)
    await refused(['vault', 'delete', 'kept'], /lock/i)
    assert.equal((await cardea('lock', 'delete', 'keep', 'kept')).exit, 0)
    assert.equal((await cardea('vault', 'delete', 'kept')).exit, 0)
    await refused(['lock', 'set', 'keep', 'demo', '--level', 'Some'], /--level/, 2)
  })
})

describe('a secret', () => {
  it('has its dates, content type and tags changed, and its value left alone', async () => {
    await runAt(house, ['secret', 'set', 'edited', '--tag', 'a=1', '--tag', 'b=2', '--not-before', '2020-01-01'], {
      stdin: 'v',
    })
    const edited = await json(
      'secret',
      'edit',
      'edited',
      '--tag',
      'b=3',
      '--tag',
      'c=4',
      '--remove-tag',
      'a',
      '--content-type',
      'text/plain',
      '--expires',
      '2099-01-31',
    )
    assert.deepEqual(
      [edited.tags, edited.contentType, edited.attributes.exp, edited.attributes.nbf],
      [{ b: '3', c: '4' }, 'text/plain', 4_073_500_800, 1_577_836_800],
    )
    const shown = await json('secret', 'show', 'edited')
    assert.deepEqual([shown.value, shown.version, shown.tags], ['v', edited.version, { b: '3', c: '4' }])
    assert.equal((await json('secret', 'edit', 'edited', '--expires', 'never')).attributes.exp, undefined)
    await refused(['secret', 'edit', 'edited'], /What is to change/, 2)
    await refused(['secret', 'edit', 'edited', '--expires', 'soon'], /--expires must be a date/, 2)
    await refused(['secret', 'edit', 'nothing', '--tag', 'a=1'], /no secret nothing/)
  })

  it('is disabled and enabled, and set so', async () => {
    await cardea('secret', 'disable', 'edited')
    await refused(['secret', 'show', 'edited'], /disabled/)
    await cardea('secret', 'enable', 'edited')
    assert.equal((await cardea('secret', 'show', 'edited')).out, 'v')
    await runAt(house, ['secret', 'set', 'later', '--disabled'], { stdin: 'v' })
    await refused(['secret', 'show', 'later'], /disabled/)
  })

  it('goes into a sealed file and comes back from it', async () => {
    const file = join(folder, 'edited.backup')
    assert.equal((await cardea('secret', 'backup', 'edited', file)).exit, 0)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.ok(!readFileSync(file, 'utf8').includes('"v"'))
    await refused(['secret', 'backup', 'edited', file], /is there already/)
    await refused(['secret', 'restore', file], /./)
    await cardea('secret', 'delete', 'edited')
    await cardea('secret', 'purge', 'edited', '--yes')
    assert.deepEqual((await json('secret', 'restore', file)).name, 'edited')
    assert.equal((await cardea('secret', 'show', 'edited')).out, 'v')
    await refused(['secret', 'restore', join(folder, 'nothing')], /can't be read: there is no such file\.$/m, 2)
  })
})

describe('the doctor, at a server that is well', () => {
  it('looks into its database, too, and finds nothing amiss', async () => {
    type Line = { about: string; state: string; says: string }
    const { out } = await cardea('doctor', '--json')
    const lines = new Map((JSON.parse(out) as Line[]).map((line) => [line.about, line]))
    assert.match(lines.get('database')?.says ?? '', /^SQLite, \d+ MB, whole$/)
    assert.equal(lines.get('file system')?.state, 'ok')
    assert.equal(lines.get('server')?.state, 'ok')
  })
})
