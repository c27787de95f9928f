import type { Scene } from './scene.ts'

/** The life of a secret, as far as to its return from a backup. */
export const secrets: readonly Scene[] = [
  {
    says: 'a secret is set',
    line: 'az keyvault secret set --vault-name myvault -n openai-api-key --value sk-abc123',
    whole: true,
    holds: ({ value }) => value === 'sk-abc123',
  },
  {
    says: 'and given an expiry and another value',
    line: 'az keyvault secret set --vault-name myvault -n openai-api-key --value sk-abc124 --expires 2030-12-31T00:00:00Z',
    whole: true,
    holds: ({ attributes }) => attributes.exp === Date.UTC(2030, 11, 31) / 1000,
  },
  {
    says: 'the latest version is shown',
    line: 'az keyvault secret show --vault-name myvault -n openai-api-key --query value -o tsv',
    whole: true,
    holds: (value) => value === 'sk-abc124',
  },
  {
    says: 'old versions remain',
    line: 'az keyvault secret list-versions --vault-name myvault -n openai-api-key',
    whole: true,
    holds: (all) => all.length === 2,
  },
  {
    says: 'a secret is disabled without deleting it',
    line: 'az keyvault secret set-attributes --vault-name myvault -n openai-api-key --enabled false',
    whole: true,
    holds: ({ attributes }) => attributes.enabled === false,
  },
  {
    says: 'a disabled secret is not shown',
    line: 'az keyvault secret show --vault-name myvault -n openai-api-key',
    whole: true,
    refused: /SecretDisabled|disabled secret/,
  },
  {
    says: 'a secret is deleted',
    line: 'az keyvault secret delete --vault-name myvault -n openai-api-key',
    whole: true,
  },
  {
    says: 'a deleted secret is recovered',
    line: 'az keyvault secret recover --vault-name myvault -n openai-api-key',
    whole: true,
  },
  {
    says: 'a secret is backed up to a file',
    line: 'az keyvault secret backup --vault-name myvault -n openai-api-key --file $HOME/secret.backup',
    whole: true,
  },
  {
    says: 'deleted and purged for good',
    line: 'az keyvault secret delete --vault-name myvault -n openai-api-key && az keyvault secret purge --vault-name myvault -n openai-api-key',
    whole: true,
  },
  {
    says: 'and restored from the file',
    line: 'az keyvault secret restore --vault-name myvault --file $HOME/secret.backup',
    whole: true,
    holds: ({ id }) => id.includes('/secrets/openai-api-key'),
  },
]
