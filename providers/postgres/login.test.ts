import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { adminIn, loginIn, valueFor } from './login.ts'
import { type Pair, pair } from './pair.ts'

const plain = { host: 'db.example', port: 5432, database: 'shop', admin: 'db-admin', roles: ['shop_a', 'shop_b'] }
const bind = (more: object = {}): Pair => pair.read({ ...plain, ...more }, 'binding')

describe('the value that consumers read', () => {
  it('is a URI, and says in it what else a driver should know', () => {
    assert.equal(
      valueFor({ user: 'shop_a', password: 'pw' }, bind({ parameters: 'sslmode=verify-full&application_name=shop' })),
      'postgresql://shop_a:pw@db.example:5432/shop?sslmode=verify-full&application_name=shop',
    )
  })

  it('keeps names and passwords apart from the URI around them', () => {
    const login = { user: 'a@b:c/d?e#f%20"ü', password: 'p@ss:/?#[]%41 \'"\\é🔑' }
    const value = valueFor(login, bind({ host: '::1', database: 'sh/op?' }))
    assert.match(value, /^postgresql:\/\/[^@]+@\[::1\]:5432\/sh%2Fop%3F$/)
    assert.deepEqual(loginIn(value), login)
  })

  it('is JSON where a program wants the parts', () => {
    const login = { user: 'shop_a', password: '"}' }
    const value = valueFor(login, bind({ format: 'json' }))
    assert.deepEqual(JSON.parse(value), {
      username: 'shop_a',
      password: '"}',
      host: 'db.example',
      port: 5432,
      database: 'shop',
      uri: 'postgresql://shop_a:%22%7D@db.example:5432/shop',
    })
    assert.deepEqual(loginIn(value), login)
  })
})

describe('the administrator', () => {
  it('is who the URI names, in the database it names or else in that of the pair', () => {
    const login = { user: 'admin', password: 'p@w', sslMode: undefined }
    assert.deepEqual(adminIn('postgres://admin:p%40w@DB.example/postgres', bind()), { ...login, database: 'postgres' })
    assert.deepEqual(adminIn('postgresql://admin:p%40w@db.example:5432', bind()), { ...login, database: 'shop' })
    assert.equal(adminIn('postgresql://admin:pw@[::1]/x?sslmode=require', bind({ host: '::1' })).sslMode, 'require')
  })

  it('is refused for every other server, without a word of the password', () => {
    for (const uri of [
      'postgresql://admin:hunter2@evil.example/postgres',
      'postgresql://admin:hunter2@db.example:5433/postgres',
      'postgresql://admin:hunter2@db.example,evil.example/postgres',
      'postgresql://admin:hunter2@db.example@evil.example/postgres',
      'postgresql:///postgres?host=db.example&user=admin&password=hunter2',
      'postgresql://admin@db.example/postgres',
      'postgresql://admin:hunter2%@db.example/postgres',
      'postgresql://admin:hunter2@db.example/postgres?sslmode=prefer',
      'https://admin:hunter2@db.example:5432/postgres',
      '{"username":"admin","password":"hunter2"}',
      '{"username":"admin","password":"hunter2"',
      'hunter2',
      undefined,
    ]) {
      assert.throws(
        () => adminIn(uri, bind()),
        (error: Error) =>
          !JSON.stringify([error.message, error]).includes('hunter2') && error.message.includes('db-admin'),
        uri,
      )
    }
  })
})

describe('the binding of a pair', () => {
  it('refuses what could not work, and says what would', () => {
    const wishes: [wrong: object, said: RegExp][] = [
      [{ roles: ['one'] }, /roles must be the names of two different roles/],
      [{ roles: ['one', 'one'] }, /two different roles/],
      [{ roles: ['one', 'two', 'three'] }, /two different roles/],
      [{ roles: ['one', ''] }, /roles\[1\] must be a name/],
      [{ roles: ['one', 'two\0'] }, /without control characters/],
      [{ roles: ['one', 'ü'.repeat(32)] }, /at most 63 bytes/],
      [{ owner: 'shop_a' }, /owner must be a third role/],
      [{ port: 0 }, /port must be a whole number/],
      [{ host: '/var/run/postgresql' }, /host must be a host name/],
      [{ host: 'db.example/x?host=evil' }, /host must be a host name/],
      [{ admin: '../other' }, /admin must be/],
      [{ format: 'password' }, /a password alone can't say which role/],
      [{ parameters: 'host=evil.example' }, /without host, which the binding itself says/],
      [{ parameters: 'sslmode=require&User=postgres' }, /without User/],
      [{ parameters: '?sslmode=require' }, /a query such as/],
      [{ parameters: 'sslmode=prefer' }, /one of disable, require, verify-ca, verify-full/],
    ]
    for (const [wrong, said] of wishes) assert.throws(() => bind(wrong), { name: 'ShapeError', message: said })
  })
})
