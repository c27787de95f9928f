import type { Store } from '#core/vaults/vault.ts'
import type { Route } from '../plane.ts'
import type { StoreRoutes } from './appconfig-route.ts'
import deleteKeyValue from './key-values/delete-key-value.ts'
import { getKeyValue, headKeyValue } from './key-values/get-key-value.ts'
import { headKeyValues, listKeyValues } from './key-values/list-key-values.ts'
import putKeyValue from './key-values/put-key-value.ts'

/** App Configuration's data plane, as far as we answer it: reading this list is reading what we serve. */
export const appconfigPlane = (around: StoreRoutes): readonly Route<Store>[] => [
  getKeyValue(),
  headKeyValue(),
  listKeyValues(),
  headKeyValues(),
  putKeyValue(around),
  deleteKeyValue(),
]
