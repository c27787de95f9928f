import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Unreachable } from '@cardea/contract/addresses'
import { connected as toMariadb } from './mariadb/connection.ts'
import { connected as toPostgres } from './postgres/connection.ts'
import { connected as toRedis } from './redis/resp.ts'
import { loggedIn as toSsh } from './ssh/connection.ts'

describe('a target that speaks no HTTP', () => {
  const login = { user: 'u', password: 'p' }
  const ssh = { user: 'u', key: '', hostKeys: ['ssh-ed25519 AAAA'] }
  const never = async () => assert.fail('nothing is done there')
  const { signal } = new AbortController()

  it('is never the metadata service of a cloud', async () => {
    for (const host of ['169.254.169.254', '::ffff:169.254.169.254', '64:ff9b::a9fe:a9fe', 'fd00:ec2::254']) {
      await assert.rejects(toRedis({ host, port: 80, tls: false }, signal, never), Unreachable, host)
      await assert.rejects(toSsh({ ...ssh, host, port: 80 }, signal, never), Unreachable, host)
      await assert.rejects(toMariadb({ ...login, host, port: 80, tls: false }, signal, never), Unreachable, host)
      const way = { ...login, host, port: 80, database: 'd', sslMode: undefined }
      await assert.rejects(toPostgres(way, signal, never), Unreachable, host)
    }
  })

  it('is looked up by a name once, and checked then', async () => {
    // A name that no resolver finds is found nowhere: what refuses is the lookup, not a connection.
    const host = 'nowhere.invalid'
    const lost = /nowhere\.invalid|ENOTFOUND|EAI_AGAIN/
    await assert.rejects(toRedis({ host, port: 80, tls: false }, signal, never), lost)
    await assert.rejects(toSsh({ ...ssh, host, port: 80 }, signal, never), lost)
    await assert.rejects(toMariadb({ ...login, host, port: 80, tls: false }, signal, never), lost)
    await assert.rejects(
      toPostgres({ ...login, host, port: 80, database: 'd', sslMode: undefined }, signal, never),
      lost,
    )
  })
})
