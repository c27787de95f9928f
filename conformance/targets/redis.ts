import { once } from 'node:events'
import { connect } from 'node:net'
import { startRedis } from '@cardea/tools/servers/redis'
import type { Target } from './target.ts'

/** A Redis whose users have any number of passwords. */
export async function openRedisTarget(): Promise<Target> {
  const server = await startRedis()
  const { host } = server
  const [, version] = /redis_version:(\S+)/.exec(await server.say('INFO server')) ?? []
  return {
    program: `Redis ${version}`,
    async stand(user, port = server.port) {
      await server.say(`ACL SETUSER ${user} on >first +@all ~*`)
      await server.say('ACL SAVE')
      return {
        binding: (admin) => ({ host, port, admin, user }),
        draws: server.url().replace(`:${server.port}`, `:${port}`),
        first: 'first',
        async accepts(password) {
          const heard = await told(server.port, host, `AUTH ${user} ${password}`)
          if (heard.startsWith('+OK')) return true
          if (heard.startsWith('-WRONGPASS')) return false
          throw new Error(`Redis said ${heard}`)
        },
        async living() {
          return (await server.say(`ACL GETUSER ${user}`)).match(/\b[0-9a-f]{64}\b/g)?.length ?? 0
        },
      }
    },
    server,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

async function told(port: number, host: string, line: string): Promise<string> {
  const socket = connect(port, host)
  let heard = ''
  socket.on('data', (part) => {
    heard += String(part)
  })
  socket.end(`${line}\r\nQUIT\r\n`)
  await once(socket, 'close')
  return heard
}
