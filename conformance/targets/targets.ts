import { findMariadb } from '@cardea/tools/servers/mariadb'
import { findPostgres } from '@cardea/tools/servers/postgres'
import { findRabbitmq } from '@cardea/tools/servers/rabbitmq'
import { findRedis } from '@cardea/tools/servers/redis'
import { findSshd } from '@cardea/tools/servers/sshd'
import { openFunctionTarget } from './function.ts'
import { openMariadbTarget } from './mariadb.ts'
import { openPostgresTarget } from './postgres.ts'
import { openRabbitmqTarget } from './rabbitmq.ts'
import { openRedisTarget } from './redis.ts'
import { openDirectoryTarget, openTwoKeyTarget } from './services.ts'
import { openSshTarget } from './ssh.ts'
import type { Target } from './target.ts'

/** How a target is opened, and what of this machine it needs. */
export type Opening = {
  readonly open: () => Promise<Target>
  readonly needs?: { readonly name: string; readonly find: () => unknown }
}

const postgres = { name: 'PostgreSQL', find: findPostgres }

/** A random value has no system that would accept it: it is there when it is published. */
const openNowhere = async (): Promise<Target> => ({
  program: 'nothing',
  stand: async () => ({ binding: () => ({}), draws: undefined, first: undefined }),
  async [Symbol.asyncDispose]() {},
})

/** A real target for each provider that a binding can name. */
export const targets: Readonly<Record<string, Opening>> = {
  postgres: { open: () => openPostgresTarget('pair'), needs: postgres },
  'postgres-role': { open: () => openPostgresTarget('role'), needs: postgres },
  mariadb: { open: openMariadbTarget, needs: { name: 'MariaDB', find: findMariadb } },
  redis: { open: openRedisTarget, needs: { name: 'Redis', find: findRedis } },
  rabbitmq: { open: openRabbitmqTarget, needs: { name: 'RabbitMQ', find: findRabbitmq } },
  'two-key': { open: openTwoKeyTarget },
  'app-registration': { open: openDirectoryTarget },
  webhook: { open: () => openFunctionTarget('single') },
  'webhook-set': { open: () => openFunctionTarget('set') },
  ssh: { open: openSshTarget, needs: { name: 'OpenSSH’s server', find: findSshd } },
  random: { open: openNowhere },
}

/** Providers without a target here, and why. */
export const untried: Readonly<Record<string, string>> = {
  mysql: 'Debian has no server of MySQL',
}

export function openingOf(provider: string): Opening {
  const opening = targets[provider]
  if (opening === undefined) throw new Error(`There is no provider ${provider}: ${Object.keys(targets).join(', ')}`)
  return opening
}
