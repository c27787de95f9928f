import { escape as literal } from 'sql-escaper'
import type { Ask } from './administrator.ts'
import type { Manner } from './manner.ts'
import { nativeHash } from './native-password.ts'
import { account, type DatabaseUser, userIsAbsent } from './user.ts'

/**
 * MariaDB 10.4 or later has no `RETAIN CURRENT PASSWORD`, but lets a user prove itself in one way or another, and two ways
 * may be of one kind. The server is told hashes only.
 */
export const mariadbManner: Manner = {
  says: 'MariaDB',

  async look(ask, user) {
    await waysIn(ask, user)
  },

  async add(ask, user, password) {
    const hash = nativeHash(password)
    const now = await waysIn(ask, user)
    if (!now.includes(hash)) await keep(ask, user, [...now, hash])
  },

  async remove(ask, user, password) {
    const hash = nativeHash(password)
    const now = await waysIn(ask, user)
    if (!now.includes(hash)) return
    const left = now.filter((one) => one !== hash)
    if (left.length === 0) throw new Error(`It is the only password of ${user.user}, which is left alone`)
    await keep(ask, user, left)
  },

  async make(ask, user, password) {
    await ask(
      `create user ${account(user)} identified via mysql_native_password using ${literal(nativeHash(password))}`,
    )
  },

  /**
   * Sessions outlive the password that opened them. With a host, `kill user` compares it letter by letter with where a
   * session has come from, so that a pattern would end none: those of every host are ended.
   */
  async endSessions(ask, { user }) {
    await ask(`kill user ${literal(user)}@'%'`)
  },
  endsSessionsBy: 'CONNECTION ADMIN',
}

/**
 * The hashes that the user proves itself by. Refuses who isn't there, and who has another way in that a list of ours
 * would take away.
 */
async function waysIn(ask: Ask, user: DatabaseUser): Promise<string[]> {
  const [row] = await ask(`show create user ${account(user)}`).catch((error) => {
    throw error.errno === noSuchUser ? userIsAbsent(user) : error
  })
  const told = String(Object.values(row ?? {})[0] ?? '')
  const [, ways] = / IDENTIFIED (.*?)(?: REQUIRE | WITH MAX_| PASSWORD EXPIRE| ACCOUNT |$)/s.exec(told) ?? []
  if (ways === undefined) return []
  const [, alone] = /^BY PASSWORD '(\*[0-9A-F]{40})'$/.exec(ways) ?? []
  if (alone !== undefined) return [alone]
  const each = ways
    .replace(/^VIA /, '')
    .split(' OR ')
    .map((way) => /^mysql_native_password USING '(\*[0-9A-F]{40})'$/.exec(way)?.[1])
  if (each.some((hash) => hash === undefined)) {
    throw new Error(`${account(user)} logs in by something else than mysql_native_password, which is left alone`)
  }
  return each as string[]
}
const noSuchUser = 1133

async function keep(ask: Ask, user: DatabaseUser, hashes: readonly string[]): Promise<void> {
  const ways = hashes.map((hash) => `mysql_native_password using ${literal(hash)}`).join(' or ')
  await ask(`alter user ${account(user)} identified via ${ways}`)
}
