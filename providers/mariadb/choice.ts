import type { Ask } from './administrator.ts'
import type { Manner } from './manner.ts'
import { mariadbManner } from './mariadb-manner.ts'
import { mysqlManner } from './mysql-manner.ts'

/** The server's own word decides, not the name of the provider. */
export async function mannerOf(ask: Ask): Promise<Manner> {
  const [row] = await ask('select version() as version')
  return mannerFor(String(row?.version))
}

/** The manner that a server of this version understands; throws for one whose users have but one password. */
export function mannerFor(version: string): Manner {
  const [major = 0, minor = 0, patch = 0] = (/^\d+\.\d+\.\d+/.exec(version)?.[0] ?? '').split('.').map(Number)
  const number = major * 1_000_000 + minor * 1_000 + patch
  if (/mariadb/i.test(version) && number >= 10_004_000) return mariadbManner
  if (!/mariadb/i.test(version) && number >= 8_000_014) return mysqlManner
  throw new Error(
    `The server is ${version.slice(0, 64)}; a user has two passwords from MariaDB 10.4 and MySQL 8.0.14 on`,
  )
}
