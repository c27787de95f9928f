import * as contract from '@cardea/contract/management/vaults'
import { listDeletedVaults } from '#core/resources/vault-life.ts'
import { subscriptionId } from '../ids.ts'
import { managementRoute } from '../management-route.ts'
import { listed } from '../replies.ts'
import { deletedOf } from './wire.ts'

export default () =>
  managementRoute(contract.listDeletedVaults, {
    resource: subscriptionId,
    async run(sight, { subject: { subscription } }) {
      return listed((await listDeletedVaults(sight)).map((vault) => deletedOf(vault, subscription)))
    },
  })
