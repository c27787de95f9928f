import * as contract from '@cardea/contract/vault/contacts'
import { getContacts } from '#core/certificates/contacts.ts'
import { theVault } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { contactsOf } from './contacts-wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.getCertificateContacts, {
    resource: theVault,
    async run(sight, { subject: vault }) {
      return contactsOf(vaultUrl(vault.name), await getContacts(sight, vault))
    },
  })
