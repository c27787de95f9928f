import { type Scene, vaultId } from './scene.ts'

/** Roles on the vault and on one secret, and how an administrator comes to give them. */
export const roles: readonly Scene[] = [
  {
    says: 'a global administrator elevates their access',
    line: 'az rest --method post --url "/providers/Microsoft.Authorization/elevateAccess?api-version=2016-07-01"',
  },
  {
    says: 'the training page’s role assignment gives the identity what it needs',
    line: `az role assignment create --role "Key Vault Secrets User" --assignee-object-id $(az identity show -n ai-api -g rg --query principalId -o tsv) --scope ${vaultId}`,
    whole: true,
    holds: ({ scope }) => scope.endsWith('/vaults/myvault'),
  },
  {
    says: 'the same again changes nothing',
    line: `az role assignment create --role "Key Vault Secrets User" --assignee-object-id $(az identity show -n ai-api -g rg --query principalId -o tsv) --scope ${vaultId}`,
    whole: true,
  },
  {
    says: 'an application gets a role by its id (training page)',
    line: `az role assignment create --role "Key Vault Secrets Officer" --assignee $AZURE_CLIENT_ID --scope ${vaultId}`,
    whole: true,
  },
  {
    says: 'a role reaches no further than one secret, if its scope says so',
    line: `az role assignment create --role "Key Vault Secrets User" --assignee-object-id $(az identity show -n ai-api -g rg --query principalId -o tsv) --assignee-principal-type ServicePrincipal --scope ${vaultId}/secrets/openai-api-key`,
    whole: true,
    holds: ({ scope }) => scope.endsWith('/secrets/openai-api-key'),
  },
  {
    says: 'role assignments are listed with names',
    line: `az role assignment list --scope ${vaultId} --include-inherited`,
    whole: true,
    holds: (all) =>
      all.some((one: { roleDefinitionName: string }) => one.roleDefinitionName === 'Key Vault Secrets User'),
  },
  {
    says: 'role definitions are found by name',
    line: 'az role definition list --name "Key Vault Secrets Officer"',
    whole: true,
    holds: ([role]) => role.name === 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7',
  },
]
