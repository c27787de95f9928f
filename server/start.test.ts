import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { developerKeys, environmentOf, NoInstallation } from './environment.ts'
import { SettingsError, settingsFrom } from './settings.ts'
import { openHouse } from './testing/house.ts'

const version = 'api-version=7.4'

type Folder = AsyncDisposable & { readonly path: string }
async function folder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'cardea-start-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

describe('a start', () => {
  it('keeps everything from the one before', async () => {
    await using place = await folder()
    {
      await using house = await openHouse({ data: place.path })
      const token = await house.developerToken()
      await house.ask(house.vaultHost, 'PUT', `/secrets/kept?${version}`, {
        token,
        body: { value: 'through the night' },
      })
    }
    await using again = await openHouse({ data: place.path })
    const token = await again.developerToken()
    assert.equal(
      (await again.ask(again.vaultHost, 'GET', `/secrets/kept?${version}`, { token })).json.value,
      'through the night',
    )
  })

  it('refuses a database that was sealed with another root key', async () => {
    await using place = await folder()
    {
      await using _house = await openHouse({ data: place.path })
    }
    const file = join(place.path, 'root.key')
    renameSync(file, `${file}.away`)
    await assert.rejects(openHouse({ data: place.path }), /sealed with another root key.*CARDEA_ROOT_KEY_FILE/)
    renameSync(`${file}.away`, file)
    await using _again = await openHouse({ data: place.path })
  })

  it('refuses a root key that others may read, or that is cut short', async () => {
    await using place = await folder()
    {
      await using _house = await openHouse({ data: place.path })
    }
    const file = join(place.path, 'root.key')
    assert.equal(statSync(file).mode & 0o777, 0o600)
    chmodSync(file, 0o644)
    await assert.rejects(openHouse({ data: place.path }), /can be read by others\. Run: chmod 600/)
    chmodSync(file, 0o600)
    truncateSync(file, 10)
    await assert.rejects(openHouse({ data: place.path }), /must hold 32 bytes in base64/)
  })

  it('refuses another domain than the one it was founded for, a truncated database, and one that is in use', async () => {
    await using place = await folder()
    {
      await using _house = await openHouse({ data: place.path })
      await assert.rejects(openHouse({ data: place.path }), /in use by another Cardea/)
    }
    await assert.rejects(openHouse({ data: place.path, env: { CARDEA_DOMAIN: 'other.internal' } }), /domain/)
    truncateSync(join(place.path, 'cardea.db'), 5000)
    await assert.rejects(openHouse({ data: place.path }), /is truncated/)
  })

  it('founds with the same credentials when a first start was cut short before the database knew them', async () => {
    await using place = await folder()
    const keys = developerKeys(place.path)
    await using house = await openHouse({ data: place.path })
    assert.equal(house.env.AZURE_CLIENT_SECRET, keys.password)
    assert.ok((await house.developerToken()).length > 100)
  })

  it('keeps its files from other users', async () => {
    await using place = await folder()
    await using house = await openHouse({ data: join(place.path, 'data') })
    assert.equal(statSync(house.data).mode & 0o777, 0o700)
    for (const name of ['root.key', 'developer.json', 'running.json', 'tls/ca.key', 'tls/server.key']) {
      assert.equal(statSync(join(house.data, name)).mode & 0o077, 0, name)
    }
  })

  it('closes a data folder that it finds open, and says so of one that is in use for something else', async () => {
    await using place = await folder()
    chmodSync(place.path, 0o755)
    for (const _ of ['empty', 'ours']) {
      await using _house = await openHouse({ data: place.path })
      assert.equal(statSync(place.path).mode & 0o777, 0o700)
      chmodSync(place.path, 0o777)
    }
    await using other = await folder()
    writeFileSync(join(other.path, 'photos'), '')
    chmodSync(other.path, 0o755)
    await assert.rejects(openHouse({ data: other.path }), /is in use, and others can look into it.*chmod 700/)
    assert.equal(statSync(other.path).mode & 0o777, 0o755)
  })

  it('refuses keys that others may read', async () => {
    await using place = await folder()
    {
      await using _house = await openHouse({ data: place.path })
    }
    for (const name of ['developer.json', 'running.json', 'tls/ca.key']) {
      const file = join(place.path, name)
      chmodSync(file, 0o640)
      await assert.rejects(
        openHouse({ data: place.path }),
        new RegExp(`${file} can be read by others. Run: chmod 600 `),
      )
      chmodSync(file, 0o600)
    }
    await using _again = await openHouse({ data: place.path })
  })

  it('refuses a folder or a key that another laid there', {
    skip: process.getuid?.() !== 0 && 'needs root',
  }, async () => {
    await using place = await folder()
    {
      await using _house = await openHouse({ data: place.path })
    }
    for (const name of ['.', 'root.key', 'developer.json', 'running.json', 'tls', 'tls/ca.key']) {
      const path = join(place.path, name)
      chownSync(path, 65_534, 65_534)
      await assert.rejects(openHouse({ data: place.path }), new RegExp(`${path}/? belongs to another user`), name)
      chownSync(path, 0, 0)
    }
  })

  it('writes through no link that lies in its way', async () => {
    await using place = await folder()
    const theirs = join(place.path, 'theirs')
    writeFileSync(theirs, 'as it was')
    const data = join(place.path, 'data')
    mkdirSync(data, { mode: 0o700 })
    for (const name of ['developer.json.new', 'running.json.new', 'running.json']) symlinkSync(theirs, join(data, name))
    chmodSync(theirs, 0o600)
    await using _house = await openHouse({ data })
    assert.equal(readFileSync(theirs, 'utf8'), 'as it was')
    assert.ok(lstatSync(join(data, 'running.json')).isFile())
  })

  it('ends with words where no folder can be made', async () => {
    await using place = await folder()
    writeFileSync(join(place.path, 'file'), '')
    for (const data of ['/proc/nope', '/proc/nope/deeper', join(place.path, 'file'), join(place.path, 'file', 'in')]) {
      await assert.rejects(openHouse({ data }), /can't be made a folder \(\w+\)\. Choose another one\./, data)
    }
  })

  it('tells what a shell needs only when there is an installation', async () => {
    await using place = await folder()
    assert.throws(() => environmentOf(place.path), NoInstallation)
    writeFileSync(join(place.path, 'developer.json'), '{"half')
    assert.throws(() => environmentOf(place.path), /developer\.json is damaged/)
  })
})

describe('settings', () => {
  it('are refused all together, each with its name', () => {
    const wrong = {
      CARDEA_PORT: 'x',
      CARDEA_PROXY_PORT: '70000',
      CARDEA_DOMAIN: 'localhost',
      CARDEA_DATABASE: 'mysql://x',
      CARDEA_TLS_CERT_FILE: 'cert.pem',
      CARDEA_LOG_LEVEL: 'loud',
      CARDEA_HOST: 'example.org',
      CARDEA_EVENTS_URL: 'http://example.org',
      CARDEA_EVENTS_KEY_FILE: '/nowhere',
    }
    assert.throws(
      () => settingsFrom(wrong),
      (error) => {
        assert.ok(error instanceof SettingsError)
        for (const name of [
          'CARDEA_PORT',
          'CARDEA_PROXY_PORT',
          'CARDEA_DOMAIN',
          'CARDEA_DATABASE',
          'CARDEA_TLS_KEY_FILE',
          'CARDEA_LOG_LEVEL',
          'CARDEA_HOST',
          'CARDEA_EVENTS_URL',
          'CARDEA_EVENTS_KEY_FILE',
        ]) {
          assert.match(error.message, new RegExp(name))
        }
        return true
      },
    )
  })

  it('refuse a secret that is empty: everybody would know it', async () => {
    await using place = await folder()
    const empty = join(place.path, 'empty')
    writeFileSync(empty, '\n')
    for (const name of ['CARDEA_ALERTS_KEY', 'CARDEA_EVENTS_KEY', 'CARDEA_DATABASE', 'CARDEA_SMTP_URL']) {
      assert.throws(() => settingsFrom({ [name]: '' }), new RegExp(`${name} is empty`))
      assert.throws(() => settingsFrom({ [`${name}_FILE`]: empty }), new RegExp(`${name}_FILE holds nothing`))
    }
  })

  it('refuse an address of events that holds a password, without repeating it', () => {
    for (const user of ['someone:pa55word@', 'pa55word@', ':pa55word@']) {
      assert.throws(
        () => settingsFrom({ CARDEA_EVENTS_URL: `https://${user}example.org/in` }),
        ({ message }: Error) => /CARDEA_EVENTS_URL must not hold/.test(message) && !/pa55word|example/.test(message),
      )
    }
  })

  it('refuse a domain whose label would send clients looking for Azure', () => {
    assert.throws(() => settingsFrom({ CARDEA_DOMAIN: 'appconfig.example.org' }), /azconfig or appconfig/)
  })

  it('take a quota and delays by Azure’s name, by number or time, and refuse what is neither', () => {
    const quotaOf = (text: string) => {
      const { transactions, secretsSet, stores } = settingsFrom({ CARDEA_QUOTA: text }).quota ?? {}
      return [transactions, secretsSet, stores?.requests, stores?.windowMs]
    }
    assert.deepEqual(quotaOf('azure'), [4000, 300, 30_000, 3_600_000])
    assert.deepEqual(quotaOf('azure-2000'), [2000, undefined, 30_000, 3_600_000])
    assert.deepEqual(quotaOf('50'), [50, undefined, 50, 10_000])
    assert.equal(settingsFrom({ CARDEA_QUOTA: 'off' }).quota, undefined)
    const half = { deleteMs: 500, recoverMs: 500, purgeMs: 500 }
    assert.deepEqual(settingsFrom({ CARDEA_DELAYS: '500ms' }).delays, half)
    assert.equal(settingsFrom({ CARDEA_DELAYS: '1m' }).delays.deleteMs, 60_000)
    for (const quota of ['0', '-1', '1.5', '100001', 'Azure', '', 'toString', '1e3']) {
      assert.throws(() => settingsFrom({ CARDEA_QUOTA: quota }), /CARDEA_QUOTA must be/, quota)
    }
    for (const delays of ['5', '5h', '61m', '-1s', '', 'never', '1 s']) {
      assert.throws(() => settingsFrom({ CARDEA_DELAYS: delays }), /CARDEA_DELAYS must be/, delays)
    }
  })

  it('have defaults that start', () => {
    const settings = settingsFrom({})
    assert.deepEqual(
      [settings.listen, settings.proxyPort, settings.domain, settings.publicPort],
      [{ host: '127.0.0.1', port: 8443 }, 8480, 'cardea.internal', 443],
    )
  })
})

describe('the store alone (P2)', () => {
  it('reveals no value, no client secret, no access key and no private key', async () => {
    await using place = await folder()
    const values = Array.from({ length: 5 }, () => `needle-${randomBytes(12).toString('hex')}`)
    {
      await using house = await openHouse({ data: place.path })
      const token = await house.developerToken()
      const store = await house.developerToken(`https://${house.storeHost}`)
      for (const [index, value] of values.entries()) {
        const secret = await house.ask(house.vaultHost, 'PUT', `/secrets/s${index}?${version}`, {
          token,
          body: { value },
        })
        assert.equal(secret.status, 200)
        const setting = await house.ask(house.storeHost, 'PUT', `/kv/k${index}?api-version=2023-11-01`, {
          token: store,
          body: { value: `in-a-setting-${value}` },
        })
        assert.equal(setting.status, 200)
      }
      await house.ask(house.vaultHost, 'DELETE', `/secrets/s0?${version}`, { token })
      await house.ask(house.vaultHost, 'DELETE', `/deletedsecrets/s0?${version}`, { token })
      const newcomer = await house.newcomer('with a password')
      values.push(newcomer.password, token.split('.')[2] as string)
    }
    const keys = developerKeys(place.path)
    const forbidden = [
      ...values,
      keys.password,
      keys.accessKey.secret,
      'PRIVATE KEY',
      Buffer.from(readFileSync(join(place.path, 'root.key'), 'utf8').trim(), 'base64'),
    ]
    const files = readdirSync(place.path).filter((name) => name.startsWith('cardea.db'))
    assert.ok(files.length > 0 && existsSync(join(place.path, 'cardea.db')))
    for (const name of files) {
      const bytes = readFileSync(join(place.path, name))
      for (const needle of forbidden)
        assert.equal(bytes.includes(needle), false, `${name} holds ${String(needle).slice(0, 20)}…`)
      // The search itself works: names are there to be found.
      if (name === 'cardea.db') assert.ok(bytes.includes('KeyVault/vaults/demo'))
    }
  })

  it('opens no value in another place than the one it was put', async () => {
    await using place = await folder()
    await using house = await openHouse({ data: place.path })
    const token = await house.developerToken()
    for (const name of ['mine', 'yours']) {
      await house.ask(house.vaultHost, 'PUT', `/secrets/${name}?${version}`, {
        token,
        body: { value: `value of ${name}` },
      })
    }
    await house.cardea.base.database.write(({ sql }) =>
      sql.run(
        "update secret_version set sealed = (select sealed from secret_version where name_key = 'mine') where name_key = 'yours'",
        [],
      ),
    )
    const heard = await house.ask(house.vaultHost, 'GET', `/secrets/yours?${version}`, { token })
    assert.equal(heard.status, 500)
    assert.equal(heard.text.includes('value of'), false)
  })
})
