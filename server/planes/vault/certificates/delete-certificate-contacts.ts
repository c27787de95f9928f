import * as contract from '@cardea/contract/vault/contacts'
import { deleteContacts } from '#core/certificates/contacts.ts'
import { theVault } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { contactsOf } from './contacts-wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.deleteCertificateContacts, {
    resource: theVault,
    async run(scope, { subject: vault }) {
      return contactsOf(vaultUrl(vault.name), await deleteContacts(scope, vault))
    },
  })
