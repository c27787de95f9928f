import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { freePort } from './ports.ts'
import { programOf, type ThrowAway, throwAway } from './throw-away.ts'

/** A throw-away Redis on a free loopback port, whose only user to begin with is an administrator. */
export type TestRedis = ThrowAway & {
  readonly host: string
  readonly port: number
  url(user?: string, password?: string): string
  /** Says one line to the server, as the administrator, and gives what it answers. */
  say(line: string): Promise<string>
}

export const findRedis = (): string | undefined => programOf('redis-server')

export async function startRedis(): Promise<TestRedis> {
  const program = findRedis()
  if (program === undefined) throw new Error("Redis isn't installed")
  const server = await throwAway('redis', { user: 'redis' })
  const host = '127.0.0.1'
  const port = await freePort()
  const password = randomBytes(18).toString('base64url')
  const users = join(server.folder, 'users.acl')
  await writeFile(users, `user default off\nuser root on >${password} ~* &* +@all\n`)
  server.own(users)
  const told = async (...lines: string[]): Promise<string> => {
    const socket = connect(port, host)
    let heard = ''
    socket.on('data', (part) => {
      heard += String(part)
    })
    // A server that isn't there yet has said nothing.
    socket.on('error', () => {})
    socket.end(`${lines.join('\r\n')}\r\n`)
    await new Promise((resolve) => socket.once('close', resolve))
    return heard
  }
  const say = async (line: string) => {
    const heard = await told(`AUTH root ${password}`, line, 'QUIT')
    return heard.slice('+OK\r\n'.length, heard.lastIndexOf('+OK\r\n'))
  }
  const settings = { bind: host, port: String(port), dir: server.folder, aclfile: users, save: '' }
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
  try {
    await server.start(program, args, async () => (await say('PING')).startsWith('+PONG'))
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
  return {
    ...server,
    host,
    port,
    say,
    url: (user = 'root', secret = password) =>
      `redis://${encodeURIComponent(user)}:${encodeURIComponent(secret)}@${host}:${port}`,
  }
}
