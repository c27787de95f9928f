import { type Lock, lockId } from '#core/locks/lock.ts'

/** A lock, as Resource Manager shows it. */
export const resourceOf = (lock: Lock): object => ({
  id: lockId(lock),
  name: lock.name,
  type: 'Microsoft.Authorization/locks',
  properties: { level: lock.level, ...(lock.notes !== '' && { notes: lock.notes }) },
})
