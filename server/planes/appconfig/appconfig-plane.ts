import type { Store } from '#core/vaults/store.ts'
import type { Route } from '../plane.ts'
import type { StoreRoutes } from './appconfig-route.ts'
import deleteKeyValue from './key-values/delete-key-value.ts'
import { getKeyValue, headKeyValue } from './key-values/get-key-value.ts'
import { headKeyValues, listKeyValues } from './key-values/list-key-values.ts'
import putKeyValue from './key-values/put-key-value.ts'
import deleteLock from './locks/delete-lock.ts'
import putLock from './locks/put-lock.ts'
import { headKeyNames, headLabelNames, listKeyNames, listLabelNames } from './names/list-names.ts'
import { headAllRevisions, listAllRevisions } from './revisions/list-revisions.ts'
import getOperation from './snapshots/get-operation.ts'
import { getOneSnapshot, headOneSnapshot } from './snapshots/get-snapshot.ts'
import { headAllSnapshots, listAllSnapshots } from './snapshots/list-snapshots.ts'
import patchSnapshot from './snapshots/patch-snapshot.ts'
import putSnapshot from './snapshots/put-snapshot.ts'

/** App Configuration's data plane: reading this list is reading what we serve. */
export const appconfigPlane = (around: StoreRoutes): readonly Route<Store>[] => [
  getKeyValue(),
  headKeyValue(),
  listKeyValues(around),
  headKeyValues(around),
  putKeyValue(around),
  deleteKeyValue(),
  listKeyNames(),
  headKeyNames(),
  listLabelNames(),
  headLabelNames(),
  putLock(),
  deleteLock(),
  listAllRevisions(),
  headAllRevisions(),
  listAllSnapshots(),
  headAllSnapshots(),
  getOneSnapshot(),
  headOneSnapshot(),
  putSnapshot(around),
  patchSnapshot(),
  getOperation(),
]
