/**
 * A rotation function in the shape that Azure's tutorial for resources with two sets of credentials teaches: started with
 * one SecretNearExpiry event, it regenerates the key that isn't in use and sets the secret to it, with the same tags.
 */
import { DefaultAzureCredential } from '@azure/identity'
import { SecretClient } from '@azure/keyvault-secrets'

const [event, token] = JSON.parse(process.argv[2])
const secretName = event.subject
const client = new SecretClient(new URL(event.data.Id).origin, new DefaultAzureCredential())

const { properties } = await client.getSecret(secretName)
const { CredentialId, ProviderAddress, ValidityPeriodDays } = properties.tags
const other = CredentialId === 'key1' ? 'key2' : 'key1'

const answer = await fetch(`${ProviderAddress}/regenerateKey?api-version=2023-01-01`, {
  method: 'POST',
  headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  body: JSON.stringify({ keyName: other }),
})
if (!answer.ok) throw new Error(`the account answered ${answer.status}`)
const { keys } = await answer.json()

const expiresOn = new Date(Number(process.argv[3]) + Number(ValidityPeriodDays) * 86_400_000)
const set = await client.setSecret(secretName, keys.find(({ keyName }) => keyName === other).value, {
  tags: { CredentialId: other, ProviderAddress, ValidityPeriodDays },
  expiresOn,
})
console.log(JSON.stringify({ secretName, version: set.properties.version, credential: other }))
