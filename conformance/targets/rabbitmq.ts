import { startRabbitmq } from '@cardea/tools/servers/rabbitmq'
import type { Target } from './target.ts'

/** A RabbitMQ whose users have one password. */
export async function openRabbitmqTarget(): Promise<Target> {
  const server = await startRabbitmq()
  const { host } = server
  const version = JSON.parse((await server.ask('GET', 'overview')).text).rabbitmq_version
  return {
    program: `RabbitMQ ${version}`,
    async stand(user, port = server.port) {
      await server.ask('PUT', `users/${user}`, { password: 'first', tags: 'management' })
      return {
        binding: (admin) => ({ host, port, admin, user }),
        draws: server.url().replace(`:${server.port}`, `:${port}`),
        first: 'first',
        async accepts(password) {
          const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
          const { status } = await fetch(`http://${host}:${server.port}/api/whoami`, { headers: { authorization } })
          if (status === 200) return true
          if (status === 401) return false
          throw new Error(`RabbitMQ answered ${status}`)
        },
      }
    },
    server,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
