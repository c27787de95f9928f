import * as contract from '@cardea/contract/appconfig/locks'
import { locking } from './locking.ts'

export default () => locking(contract.putLock, true)
