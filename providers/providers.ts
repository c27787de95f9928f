import type { Provider } from '@cardea/contract/rotation/provider'
import { rolePair } from './postgres/role-pair.ts'
import { randomValue } from './random/random-value.ts'

/** All that a binding can name. */
export const providers: ReadonlyMap<string, Provider> = new Map(
  [rolePair, randomValue].map((provider) => [provider.name, provider as Provider]),
)
