import type { Provider } from '@cardea/contract/rotation/provider'
import { appRegistration } from './app-registration/app-registration.ts'
import type { Reach } from './http/request.ts'
import { mariadbUser } from './mariadb/mariadb-user.ts'
import { role } from './postgres/role.ts'
import { rolePair } from './postgres/role-pair.ts'
import { randomValue } from './random/random-value.ts'
import { redisUser } from './redis/redis-user.ts'
import { twoKey } from './two-key/two-key.ts'

/** All that a binding can name. */
export const providersWith = (reach: Reach): ReadonlyMap<string, Provider> =>
  new Map(
    [rolePair, role, mariadbUser, redisUser, twoKey(reach), appRegistration(reach), randomValue].map((provider) => [
      provider.name,
      provider as Provider,
    ]),
  )
