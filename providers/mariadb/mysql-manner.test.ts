import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { type Ask, Refused } from './administrator.ts'
import { mannerFor } from './choice.ts'
import { mysqlManner } from './mysql-manner.ts'
import { nativeHash } from './native-password.ts'
import { isSha2HashOf, sha2Hash, shaCrypt } from './sha2-password.ts'
import { binding, type DatabaseUser } from './user.ts'

const firstHash = await sha2Hash('first')

/**
 * Debian ships no MySQL: these tests hold what is said to one against its manual, by an account that understands the few
 * statements as the manual has them. Whether a server agrees, nobody has tried yet.
 */
class Account {
  plugin = 'caching_sha2_password'
  now = firstHash
  old: string | null = null
  there = true
  /** Whether it takes a hash together with `retain`, which the manual's grammar doesn't have. */
  takesHashes = true
  readonly heard: string[] = []

  ask: Ask = async (statement, values = []) => {
    this.heard.push(statement)
    if (statement.startsWith('select plugin')) {
      assert.deepEqual(values, ["o'brien", '10.0.0.%'])
      return this.there ? [{ plugin: this.plugin, now: this.now, old: this.old }] : []
    }
    const whole = /^alter user 'o\\'brien'@'10\.0\.0\.%' (.+)$/s.exec(statement)?.[1]
    assert.ok(whole, statement)
    if (whole === 'discard old password') {
      this.old = null
      return []
    }
    const [, plugin, way, text = '', retain] =
      /^identified with '(\w+)' (as|by) '((?:[^'\\]|\\.)*)'( retain current password)?$/s.exec(whole) ?? []
    assert.equal(plugin, this.plugin, statement)
    if (way === 'as' && retain && !this.takesHashes) throw new Refused(1064, `You have an error near ${text}`)
    if (retain) this.old = this.now
    this.now = way === 'as' ? text : await sha2Hash(text.replaceAll(/\\(.)/g, '$1'))
    return []
  }

  async accepts(password: string): Promise<boolean> {
    for (const hash of [this.now, this.old])
      if (hash === nativeHash(password) || (await isSha2HashOf(hash ?? '', password))) return true
    return false
  }
}

const user: DatabaseUser = binding.read(
  { host: 'db', port: 3306, admin: 'a', user: "o'brien", from: '10.0.0.%' },
  'binding',
)
const changes = (account: Account) => account.heard.filter((statement) => !statement.startsWith('select'))

describe('two passwords of MySQL 8, by its manual', () => {
  for (const plugin of ['caching_sha2_password', 'mysql_native_password']) {
    it(`live side by side under ${plugin}, and no clear text is sent`, async () => {
      const account = new Account()
      account.plugin = plugin
      if (plugin === 'mysql_native_password') account.now = nativeHash('first')
      await mysqlManner.add(account.ask, user, 'second')
      for (const password of ['first', 'second']) assert.ok(await account.accepts(password), password)
      // To retain once more would have lost the first.
      await mysqlManner.add(account.ask, user, 'second')
      assert.equal(changes(account).length, 1)
      await mysqlManner.remove(account.ask, user, 'first')
      await mysqlManner.remove(account.ask, user, 'first')
      assert.equal(await account.accepts('first'), false)
      assert.ok(await account.accepts('second'))
      assert.equal(changes(account).length, 2)
      for (const statement of account.heard) assert.doesNotMatch(statement, /'first'|'second'/)
    })
  }

  it('give the first one back where the second is taken away, though the server was asked but half of it', async () => {
    const account = new Account()
    await mysqlManner.add(account.ask, user, 'second')
    let left = 2
    const torn: Ask = (statement, values) => {
      if (statement.endsWith('discard old password')) left -= 1
      return left === 1 ? Promise.reject(new Error('gone')) : account.ask(statement, values)
    }
    await assert.rejects(mysqlManner.remove(torn, user, 'second'), /gone/)
    assert.ok(await account.accepts('first'))
    await mysqlManner.remove(account.ask, user, 'second')
    assert.equal(await account.accepts('second'), false)
    // What is both is one: there is room for another.
    await mysqlManner.add(account.ask, user, 'third')
    for (const password of ['first', 'third']) assert.ok(await account.accepts(password), password)
  })

  it('never become three, nor none', async () => {
    const account = new Account()
    await mysqlManner.add(account.ask, user, 'second')
    await assert.rejects(mysqlManner.add(account.ask, user, 'third'), /keeps no third; .* DISCARD OLD PASSWORD/)
    await mysqlManner.remove(account.ask, user, 'first')
    await assert.rejects(mysqlManner.remove(account.ask, user, 'second'), /the only password/)
    await mysqlManner.remove(account.ask, user, 'nobody’s')
    assert.ok(await account.accepts('second'))
  })

  it('are told in clear text only where the server takes no hash and nobody else can hear it', async () => {
    const account = new Account()
    account.takesHashes = false
    await assert.rejects(mysqlManner.add(account.ask, user, 'second'), /is told no password without TLS/)
    assert.deepEqual([await account.accepts('second'), await account.accepts('first')], [false, true])
    await mysqlManner.add(account.ask, { ...user, tls: true }, "s'econd\\")
    for (const password of ['first', "s'econd\\"]) assert.ok(await account.accepts(password), password)

    const quoting: Ask = async (statement, values) => {
      if (statement.startsWith('alter')) throw new Refused(1064, `You have an error near '${statement}'`)
      return account.ask(statement, values)
    }
    account.old = null
    const refused = await mysqlManner.add(quoting, { ...user, tls: true }, 'very-secret').catch((error) => error)
    assert.match(String(refused), /answered 1064/)
    assert.ok(!inspect(refused, { showHidden: true, depth: 9 }).includes('very-secret'))
  })

  it('are refused to who isn’t there, has none, or logs in by something else', async () => {
    const account = new Account()
    account.there = false
    await assert.rejects(mysqlManner.look(account.ask, user), /doesn't exist; create it/)
    account.there = true
    account.now = ''
    await assert.rejects(mysqlManner.add(account.ask, user, 'x'), /has no password yet/)
    account.plugin = 'auth_socket'
    await assert.rejects(mysqlManner.look(account.ask, user), /logs in by auth_socket/)
    assert.deepEqual(changes(account), [])
  })

  it('end sessions one by one, and mind none that has ended by itself', async () => {
    const heard: string[] = []
    const ask: Ask = async (statement) => {
      heard.push(statement)
      if (statement === 'kill 8') throw new Refused(1094, 'Unknown thread id: 8')
      return statement.startsWith('select') ? [{ id: 7 }, { id: 8 }, { id: 9 }] : []
    }
    await mysqlManner.endSessions(ask, user)
    assert.deepEqual(heard.slice(1), ['kill 7', 'kill 8', 'kill 9'])
  })
})

describe('the way to two passwords', () => {
  it('is chosen by what the server says of itself', () => {
    for (const version of ['8.0.14', '8.0.36', '8.4.2', '9.1.0', '8.0.35-27', '8.0.36-0ubuntu0.22.04.1'])
      assert.match(mannerFor(version).says, /MySQL, which is changed by its manual: nobody has tried this/)
    for (const version of ['10.4.0-MariaDB', '10.11.6-MariaDB-0+deb12u1', '11.4.2-MariaDB-log'])
      assert.equal(mannerFor(version).says, 'MariaDB')
    for (const version of [
      '5.7.44',
      '8.0.13',
      '10.3.39-MariaDB',
      '5.5.5-10.3.1-MariaDB',
      '8.0.11-TiDB-v7.5.0',
      '',
      'x',
    ])
      assert.throws(() => mannerFor(version), /from MariaDB 10.4 and MySQL 8.0.14 on/, version)
  })
})

describe('what MySQL 8 keeps of a password', () => {
  it('is what others find for the same', async () => {
    // As `openssl passwd -5` has it, and one of a real server, with which password crackers are tried.
    const found = await shaCrypt(Buffer.from('Hello world!'), Buffer.from('saltstring'), 5_000)
    assert.equal(found, '5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5')
    const salt = Buffer.from('F9CC98CE08892924F50A213B6BC571A2C11778C5', 'hex').toString('latin1')
    assert.equal(await isSha2HashOf(`$A$005$${salt}bTy95Y99eAME1dwEkHOA1ndHGBWz.1bxSSRkuTXFGV/`, 'hashcat'), true)
  })

  it('is salted, and of that password alone', async () => {
    const [one, other] = [await sha2Hash('x'), await sha2Hash('x')]
    assert.notEqual(one, other)
    assert.match(one, /^\$A\$005\$[./\w]{63}$/)
    for (const hash of [one, other])
      assert.deepEqual([await isSha2HashOf(hash, 'x'), await isSha2HashOf(hash, 'y')], [true, false])
    for (const long of ['', 'é'.repeat(128)]) assert.equal(await isSha2HashOf(await sha2Hash(long), long), true)
    for (const wrong of ['', '*ABC', one.slice(0, -1), one.replace('$A$', '$B$')])
      assert.equal(await isSha2HashOf(wrong, 'x'), false)
    await assert.rejects(isSha2HashOf(one.replace('005', 'FFF'), 'x'), /too many/)
  })

  it('is nothing of a password that is longer than a server takes', async () => {
    const long = 'x'.repeat(257)
    await assert.rejects(sha2Hash(long), /no password of more than 256 bytes/)
    assert.equal(await isSha2HashOf(await sha2Hash('x'), long), false)
  })

  it('is reckoned while others go on, however many rounds a server asks for', async () => {
    const many = (await sha2Hash('x')).replace('$005$', '$064$')
    let turns = 0
    const counting = setInterval(() => {
      turns += 1
    })
    assert.equal(await isSha2HashOf(many, 'x'.repeat(256)), false)
    clearInterval(counting)
    assert.ok(turns >= 20, `${turns} turns`)
  })
})
