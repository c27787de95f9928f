import type { Provider } from '@cardea/contract/rotation/provider'
import { mariadbUser } from './mariadb/mariadb-user.ts'
import { role } from './postgres/role.ts'
import { rolePair } from './postgres/role-pair.ts'
import { randomValue } from './random/random-value.ts'
import { redisUser } from './redis/redis-user.ts'

/** All that a binding can name. */
export const providers: ReadonlyMap<string, Provider> = new Map(
  [rolePair, role, mariadbUser, redisUser, randomValue].map((provider) => [provider.name, provider as Provider]),
)
