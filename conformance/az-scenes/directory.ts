import type { Scene } from './scene.ts'

/** Applications, their service principals and their secrets. */
export const directory: readonly Scene[] = [
  {
    says: 'an application is registered',
    line: 'az ad app create --display-name "Communications Gateway service"',
    holds: ({ appId }) => appId.length === 36,
  },
  {
    says: 'and found again by its name',
    line: 'az ad app list --display-name "Communications Gateway"',
    holds: (all) => all.length === 1,
  },
  {
    says: 'it gets a service principal',
    line: 'az ad sp create --id $(az ad app list --display-name "Communications Gateway service" --query "[0].appId" -o tsv)',
    holds: ({ servicePrincipalType }) => servicePrincipalType === 'Application',
  },
  {
    says: 'a new client secret shows its value once',
    line: 'az ad app credential reset --id $(az ad app list --display-name "Communications Gateway service" --query "[0].appId" -o tsv) --append --display-name 2026-11',
    holds: ({ password }) => password.length >= 32,
  },
  {
    says: 'and is listed without it',
    line: 'az ad app credential list --id $(az ad app list --display-name "Communications Gateway service" --query "[0].appId" -o tsv)',
    holds: ([credential]) => credential.displayName === '2026-11' && credential.secretText == null,
  },
  { says: 'groups are listed', line: 'az ad group list', holds: (all) => Array.isArray(all) },
]
