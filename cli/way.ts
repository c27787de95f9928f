import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { ConfigurationError } from '@cardea/client/errors'
import type { Transport } from '@cardea/client/transport'
import { environmentOf } from '@cardea/server/environment'
import { createConnectProxy } from '@cardea/server/planes/http/connect-proxy'
import { type ExitCode, Misuse, Refusal } from './command.ts'
import { namesWantedIn } from './names.ts'
import { isRunning } from './running.ts'
import { shellWord } from './shell.ts'
import type { World } from './world.ts'

/** Which Cardea a command means, who we are there and how it is reached. */
export type Environment = Readonly<Record<string, string | undefined>>
export type Where = {
  readonly data?: string | undefined
  readonly vault?: string | undefined
  readonly store?: string | undefined
}

/** The data folder that a command means. */
export const dataFolder = (data: string | undefined, { env }: World): string =>
  resolve(data ?? (env.CARDEA_DATA || '.cardea'))

/** Does the work; where nobody answers because the Cardea of the folder has stopped, or has no proxy, says so. */
export async function along({ folder }: Way, work: () => Promise<ExitCode>): Promise<ExitCode> {
  try {
    return await work()
  } catch (error) {
    const unreachable = error instanceof ConfigurationError && error.code === 'unreachable'
    if (!unreachable || folder === undefined) throw error
    if (!(await isRunning(folder))) throw notRunning(folder)
    const wanted = namesWantedIn(folder)
    if (wanted === undefined) throw error
    const hint = `${wanted}\nOn its own machine commands do without: add --data ${shellWord(folder)}`
    throw new Refusal(error.code, error.message, hint)
  }
}

/** Said where the data folder is there, and its server isn’t. */
export const notRunning = (folder: string): Refusal =>
  new Refusal(
    'not-running',
    `The Cardea of ${folder} isn't running.`,
    `Start it with: cardea start --data ${shellWord(folder)}`,
  )

export type Way = AsyncDisposable & {
  readonly env: Environment
  readonly transport: Transport
  /** The data folder of the Cardea that is meant, where one on this machine is. */
  readonly folder: string | undefined
}

/**
 * Who we are and how we get there: from the environment if it says so, else from the data folder, so that no export is
 * needed on the machine where Cardea runs. A folder that is named wins.
 */
export async function wayTo(world: World, data: string | undefined): Promise<Way> {
  const { env } = world
  const told = env.AZURE_KEYVAULT_URL ?? env.AZURE_APPCONFIG_ENDPOINT ?? env.AZURE_APPCONFIG_CONNECTION_STRING
  if (data === undefined && told !== undefined) {
    const transport = world.connect({ env })
    return {
      env,
      transport,
      folder: env.CARDEA_DATA || undefined,
      [Symbol.asyncDispose]: async () => transport.close(),
    }
  }
  const folder = dataFolder(data, world)
  const own = environmentOf(folder)
  const ca = own.NODE_EXTRA_CA_CERTS
  const proxy = own.HTTPS_PROXY === undefined ? await ownProxy(own) : undefined
  const transport = world.connect({
    env: own,
    proxy: own.HTTPS_PROXY ?? proxy?.url ?? false,
    ...(ca !== undefined && { ca: readFileSync(ca) }),
  })
  return {
    env: own,
    transport,
    folder,
    async [Symbol.asyncDispose]() {
      transport.close()
      await proxy?.close()
    },
  }
}

/** To a server that runs without its proxy, a command brings one for as long as it lives. */
async function ownProxy({ CARDEA_DOMAIN: domain = '', CARDEA_PORT: port }: Environment) {
  const owns = (host: string) => host.endsWith(`.${domain}`)
  const proxy = createConnectProxy({ domain, owns, port: () => Number(port), passOn: false })
  return { url: `http://127.0.0.1:${await proxy.listen(0)}`, close: () => proxy.close() }
}

/** A vault or store by its URL, or by its name beside the usual one. */
export function originOf(option: string, given: string | undefined, usual: string | undefined): string {
  const url = given?.includes('://') ? given : usual
  if (url === undefined) throw new Misuse(`Which one? Give its URL with ${option}.`)
  if (!URL.canParse(url) || new URL(url).protocol !== 'https:')
    throw new Misuse(`${option} must be an https:// URL or a name.`)
  const { origin } = new URL(url)
  if (given === undefined || given.includes('://')) return origin
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/i.test(given)) throw new Misuse(`${option} must be an https:// URL or a name.`)
  return origin.replace(/^https:\/\/[^.]+/, `https://${given.toLowerCase()}`)
}

/** The hosts with a name of their own stand beside the login host. */
export function besideLogin({ AZURE_AUTHORITY_HOST: login = '' }: Environment, host: 'management' | 'graph'): string {
  const url = URL.parse(login)
  if (
    url?.protocol !== 'https:' ||
    !url.hostname.startsWith('login.') ||
    url.hostname === 'login.microsoftonline.com'
  ) {
    throw new Misuse('AZURE_AUTHORITY_HOST must be the login host of a Cardea.', 'See: cardea help env')
  }
  return url.origin.replace('https://login.', `https://${host}.`)
}
