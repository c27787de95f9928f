import * as contract from '@cardea/contract/management/vaults'
import { getDeletedVault } from '#core/resources/vault-life.ts'
import { theDeletedVault } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { deletedOf } from './wire.ts'

export default () =>
  managementRoute(contract.getDeletedVault, {
    resource: theDeletedVault,
    async run(sight, { params: { vault, location }, subject: { subscription } }) {
      return deletedOf(await getDeletedVault(sight, vault, location), subscription)
    },
  })
