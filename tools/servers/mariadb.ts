import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from './ports.ts'
import { programOf, type ThrowAway, throwAway } from './throw-away.ts'

/** A throw-away MariaDB on a free loopback port that writes every statement to its log. */
export type TestMariadb = ThrowAway & {
  readonly host: string
  readonly port: number
  url(user?: string, password?: string): string
  /** Runs statements as root, and gives what they answer, column by column and line by line. */
  say(statements: string): Promise<string>
}

const execute = promisify(execFile)

export function findMariadb(): { server: string; install: string; client: string } | undefined {
  const [server, install, client] = ['mariadbd', 'mariadb-install-db', 'mariadb'].map(programOf)
  return server && install && client ? { server, install, client } : undefined
}

export async function startMariadb(): Promise<TestMariadb> {
  const found = findMariadb()
  if (found === undefined) throw new Error("MariaDB isn't installed")
  const server = await throwAway('mariadb', { user: 'mysql' })
  const host = '127.0.0.1'
  const port = await freePort()
  const password = randomBytes(18).toString('base64url')
  const data = join(server.folder, 'data')
  const socket = join(server.folder, 'socket')
  const general = join(server.folder, 'general')
  const begins = join(server.folder, 'begin.sql')
  // An anonymous user of this machine would stand in for every user of any machine.
  const statements = [
    "delete from mysql.global_priv where User = ''",
    'flush privileges',
    `create or replace user root@'127.0.0.1' identified by '${password}'`,
    "grant all on *.* to root@'127.0.0.1' with grant option",
  ]
  const say = async (text: string, options: readonly string[] = []): Promise<string> => {
    const way = ['--no-defaults', `--host=${host}`, `--port=${port}`, '--protocol=tcp', '--user=root']
    const { stdout } = await execute(found.client, [...way, '-N', '-B', ...options, '-e', text], {
      env: { ...process.env, MYSQL_PWD: password },
    })
    return stdout
  }
  try {
    await writeFile(begins, `${statements.join(';\n')};\n`)
    server.own(begins)
    const made = ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db']
    await server.run(found.install, made)
    const settings = [
      ...['--no-defaults', `--datadir=${data}`, `--socket=${socket}`, `--port=${port}`, `--bind-address=${host}`],
      ...[`--pid-file=${join(server.folder, 'pid')}`, `--init-file=${begins}`, '--skip-name-resolve'],
      ...['--general-log=1', `--general-log-file=${general}`, '--innodb-buffer-pool-size=16M'],
    ]
    await server.start(found.server, settings, () =>
      say('select 1').then(
        () => true,
        () => false,
      ),
    )
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
  return {
    ...server,
    host,
    port,
    log: () => readFileSync(general, 'utf8'),
    say,
    url: (user = 'root', secret = password) =>
      `mysql://${encodeURIComponent(user)}:${encodeURIComponent(secret)}@${host}:${port}`,
  }
}
