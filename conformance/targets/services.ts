import { administratorOf, type Services, startServices } from '@cardea/providers/testing/services'
import type { Target } from './target.ts'

/** Services over HTTP, one for each secret: a directory in Graph's words, or an account with two keys. */
const served = (program: string, stand: (services: Services) => Awaited<ReturnType<Target['stand']>>): Target => {
  const begun: Services[] = []
  return {
    program,
    async stand() {
      const services = await startServices()
      begun.push(services)
      return stand(services)
    },
    async [Symbol.asyncDispose]() {
      for (const services of begun) await services[Symbol.asyncDispose]()
    },
  }
}

/** Applications, which are given secrets that nobody sees twice. */
export const openDirectoryTarget = async (): Promise<Target> =>
  served('a directory in Graph’s words', (services) => {
    const { origin, application, passwords } = services
    const { id, clientId } = application
    const scope = 'api://shop/.default'
    return {
      binding: (admin) => ({
        ...{ graph: `${origin}/v1.0`, tokenUrl: `${origin}/token`, scope, admin },
        ...{ application: id, clientId },
      }),
      draws: administratorOf(services),
      first: undefined,
      async accepts(secret) {
        const asked = { grant_type: 'client_credentials', client_id: clientId, client_secret: secret, scope }
        const { status } = await fetch(`${origin}/token`, { method: 'POST', body: new URLSearchParams(asked) })
        if (status === 200) return true
        if (status === 401) return false
        throw new Error(`The directory answered ${status}`)
      },
      living: async () => passwords.size,
    }
  })

/** Accounts with two keys, which the service makes and shows to whoever may list them. */
export const openTwoKeyTarget = async (): Promise<Target> =>
  served('an account with two keys', (services) => ({
    binding: (admin) => ({ account: `${services.origin}/account`, apiVersion: '2023-01-01', admin }),
    draws: administratorOf(services),
    first: services.keys.get('key1'),
    accepts: async (key) => [...services.keys.values()].includes(key),
  }))
