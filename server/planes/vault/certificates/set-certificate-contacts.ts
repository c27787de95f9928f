import * as contract from '@cardea/contract/vault/contacts'
import { setContacts } from '#core/certificates/contacts.ts'
import { theVault } from '../resource.ts'
import { type VaultRoutes, vaultRoute } from '../vault-route.ts'
import { contactsOf } from './contacts-wire.ts'

export default ({ vaultUrl }: VaultRoutes) =>
  vaultRoute(contract.setCertificateContacts, {
    resource: theVault,
    async run(scope, { body, subject: vault }) {
      return contactsOf(vaultUrl(vault.name), await setContacts(scope, vault, body.contacts))
    },
  })
