import { operation } from '../operation.ts'
import { nothing, record } from '../shape.ts'
import { settingKey, settingLabel } from './key-values.ts'

/** Locks: a locked setting can be read, and neither written nor deleted. */
export const putLock = operation({
  id: 'LockPut',
  method: 'PUT',
  path: '/locks/*key',
  since: '1.0',
  action: 'settings/write',
  reach: 'within',
  effect: 'write',
  params: record({ key: settingKey }),
  query: record({ label: settingLabel }),
  body: nothing,
  status: 200,
})
export const deleteLock = operation({ ...putLock, id: 'LockDelete', method: 'DELETE' })
