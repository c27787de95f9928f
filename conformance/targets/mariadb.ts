import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { findMariadb, startMariadb } from '@cardea/tools/servers/mariadb'
import type { Target } from './target.ts'

const execute = promisify(execFile)

/** A MariaDB whose users have one password, or two while they change. */
export async function openMariadbTarget(): Promise<Target> {
  const server = await startMariadb()
  const { host } = server
  const version = (await server.say('select version()')).trim()
  return {
    program: `MariaDB ${version.split('-')[0]}`,
    async stand(user, port = server.port) {
      await server.say(`create user '${user}'@'%' identified by 'first'`)
      return {
        binding: (admin) => ({ host, port, admin, user }),
        draws: server.url().replace(`:${server.port}`, `:${port}`),
        first: 'first',
        async accepts(password) {
          const way = ['--no-defaults', `--host=${host}`, `--port=${server.port}`, '--protocol=tcp', `--user=${user}`]
          const env = { PATH: process.env.PATH, MYSQL_PWD: password }
          return execute(findMariadb()?.client ?? 'mariadb', [...way, '-e', 'select 1'], { env }).then(
            () => true,
            (error: { stderr: string }) => {
              if (error.stderr.includes('ERROR 1045')) return false
              throw error
            },
          )
        },
        async living() {
          return (await server.say(`show create user '${user}'@'%'`)).split(/'\*[0-9A-F]{40}'/).length - 1
        },
      }
    },
    server,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
