import type { Provider } from '@cardea/contract/rotation/provider'
import { appRegistration } from './app-registration/app-registration.ts'
import type { Reach } from './http/request.ts'
import { mariadbUser, mysqlUser } from './mariadb/mariadb-user.ts'
import { role } from './postgres/role.ts'
import { rolePair } from './postgres/role-pair.ts'
import { rabbitmqUser } from './rabbitmq/rabbitmq-user.ts'
import { randomValue } from './random/random-value.ts'
import { redisUser } from './redis/redis-user.ts'
import { sshKey } from './ssh/ssh-key.ts'
import { twoKey } from './two-key/two-key.ts'
import { webhook } from './webhook/webhook.ts'

/** All that a binding can name. */
export const providersWith = (reach: Reach): ReadonlyMap<string, Provider> =>
  new Map(
    [
      rolePair,
      role,
      mariadbUser,
      mysqlUser,
      redisUser,
      rabbitmqUser(reach),
      sshKey,
      twoKey(reach),
      appRegistration(reach),
      webhook('webhook', 'single', reach),
      webhook('webhook-set', 'set', reach),
      randomValue,
    ].map((provider) => [provider.name, provider as Provider]),
  )
