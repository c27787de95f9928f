import type { Scene } from './scene.ts'

/** Who logs in makes a group, and a vault in it. */
export const resources: readonly Scene[] = [
  {
    says: 'a service principal logs in with its secret',
    line: 'az login --service-principal -u $AZURE_CLIENT_ID -p $AZURE_CLIENT_SECRET --tenant $CARDEA_TENANT_ID',
    holds: ([account]) => account.state === 'Enabled' && account.user.type === 'servicePrincipal',
  },
  {
    says: 'the account is shown',
    line: 'az account show',
    holds: ({ environmentName }) => environmentName === 'Cardea',
  },
  { says: 'a resource group is made', line: 'az group create -n rg -l local', holds: ({ name }) => name === 'rg' },
  { says: 'there is such a group', line: 'az group exists -n rg', holds: (there) => there === true },
  {
    says: 'a vault is made',
    line: 'az keyvault create -n myvault -g rg -l local --enable-rbac-authorization true',
    holds: ({ properties }) =>
      properties.enableRbacAuthorization === true && properties.softDeleteRetentionInDays === 90,
  },
  {
    says: 'a name that is taken is refused',
    line: 'az keyvault create -n myvault -g rg -l local --enable-rbac-authorization true --retention-days 7',
    refused: /already exists|VaultAlreadyExists/i,
  },
  {
    says: 'vaults are listed',
    line: 'az keyvault list',
    holds: (all) => all.some((one: { name: string }) => one.name === 'myvault'),
  },
  {
    says: 'the vault’s id is shown, as the training page asks for it',
    line: 'az keyvault show -n myvault --query id -o tsv',
    holds: (id) =>
      /^\/subscriptions\/[\w-]+\/resourceGroups\/rg\/providers\/Microsoft\.KeyVault\/vaults\/myvault$/.test(id),
  },
]

/** What there is, is locked, deleted, recovered and purged, and at last the group. */
export const cleanUp: readonly Scene[] = [
  {
    says: 'a lock is laid on the vault',
    line: 'az lock create -n keep --lock-type CanNotDelete -g rg --resource myvault --resource-type Microsoft.KeyVault/vaults',
    holds: ({ level }) => level === 'CanNotDelete',
  },
  { says: 'a locked vault is not deleted', line: 'az keyvault delete -n myvault', refused: /ScopeLocked/ },
  { says: 'nor with its group', line: 'az group delete -n rg -y', refused: /ScopeLocked/ },
  {
    says: 'the lock is taken away',
    line: 'az lock delete -n keep -g rg --resource myvault --resource-type Microsoft.KeyVault/vaults',
  },
  { says: 'what there is, is listed', line: 'az resource list -g rg', holds: (all) => all.length === 3 },
  { says: 'the vault is deleted', line: 'az keyvault delete -n myvault' },
  {
    says: 'it stands among the deleted ones',
    line: 'az keyvault list-deleted',
    holds: (all) => all.some((one: { name: string }) => one.name === 'myvault'),
  },
  { says: 'it is recovered', line: 'az keyvault recover -n myvault', holds: ({ name }) => name === 'myvault' },
  { says: 'and deleted and purged', line: 'az keyvault delete -n myvault && az keyvault purge -n myvault' },
  { says: 'the store is deleted', line: 'az appconfig delete -n mystore -g rg -y' },
  { says: 'and purged', line: 'az appconfig purge -n mystore -y' },
  {
    says: 'the clean-up step of the tutorials takes the group with all that is in it',
    line: 'az group delete -n rg -y',
  },
  { says: 'and then it is gone', line: 'az group exists -n rg', holds: (there) => there === false },
]
