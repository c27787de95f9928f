import { words } from '../directory/objects.ts'
import { operation } from '../operation.ts'
import { nothing, optional, record } from '../shape.ts'
import { first, none, part, reading, word } from './shapes.ts'

/** Locks on anything: what nobody may delete, or change, until the lock is taken away. */
const path = '/providers/Microsoft.Authorization/locks/:lock'
const params = record({ lock: part })

export const putLock = operation({
  id: 'ResourceLockPut',
  method: 'PUT',
  path,
  scoped: true,
  since: first,
  action: 'locks/write',
  effect: 'write',
  params,
  query: none,
  body: record({
    properties: record({
      level: word('CanNotDelete', 'ReadOnly'),
      notes: optional(words(512)),
    }),
  }),
  status: 200,
})

export const getLock = operation({
  ...reading,
  id: 'ResourceLockGet',
  path,
  scoped: true,
  action: 'locks/read',
  params,
  query: none,
})

export const deleteLock = operation({
  id: 'ResourceLockDelete',
  method: 'DELETE',
  path,
  scoped: true,
  since: first,
  action: 'locks/delete',
  effect: 'write',
  params,
  query: none,
  body: nothing,
  status: 200,
})

export const listLocks = operation({
  ...reading,
  id: 'ResourceLockList',
  path: '/providers/Microsoft.Authorization/locks',
  scoped: true,
  action: 'locks/read',
  reach: 'within',
  params: none,
  query: none,
})
