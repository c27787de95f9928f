import type { Scene } from './scene.ts'

/** Identities that people make, and one that goes with its workload. */
export const identities: readonly Scene[] = [
  {
    says: 'a managed identity is made',
    line: 'az identity create -n ai-api -g rg -l local',
    holds: ({ principalId }) => principalId.length === 36,
  },
  {
    says: 'another token service’s tokens may prove it',
    line: 'az identity federated-credential create --identity-name ai-api -g rg -n ci-job --issuer https://issuer.example --subject job:1 --audiences api://AzureADTokenExchange',
    holds: ({ subject }) => subject === 'job:1',
  },
  {
    says: 'a workload is made, with an identity of its own',
    line: `az resource create -g rg -n shop --resource-type Cardea.Workload/workloads --is-full-object --properties '{"location": "local", "identity": {"type": "SystemAssigned"}}'`,
    holds: ({ identity }) => identity.type === 'SystemAssigned' && /^[0-9a-f-]{36}$/.test(identity.principalId),
  },
  {
    says: 'it is shown, and listed beside what else is in the group',
    line: 'az resource list -g rg --resource-type Cardea.Workload/workloads --query "[].name" -o tsv',
    holds: (names) => names === 'shop',
  },
  {
    says: 'its identity is a service principal of the directory',
    line: 'az ad sp show --id $(az resource show -g rg -n shop --resource-type Cardea.Workload/workloads --query identity.principalId -o tsv)',
    holds: ({ servicePrincipalType, displayName }) =>
      servicePrincipalType === 'ManagedIdentity' && displayName === 'shop',
  },
  {
    says: 'it loses its identity',
    line: `az rest --method patch --url "$(az resource show -g rg -n shop --resource-type Cardea.Workload/workloads --query id -o tsv)?api-version=2026-11-01" --body '{"identity": {"type": "None"}}'`,
    holds: ({ identity }) => identity.type === 'None' && identity.principalId === undefined,
  },
  {
    says: 'and is deleted',
    line: 'az resource delete -g rg -n shop --resource-type Cardea.Workload/workloads',
  },
]
