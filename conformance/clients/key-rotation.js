/** The rotation of keys in the words of the documentation of @azure/keyvault-keys. Prints what it saw. */
import { DefaultAzureCredential } from '@azure/identity'
import { KeyClient } from '@azure/keyvault-keys'

const client = new KeyClient(process.env.AZURE_KEYVAULT_URL, new DefaultAzureCredential())
const keyName = 'MyKeyName'
const seen = {}
const shown = ({ id, createdOn, updatedOn, expiresIn, lifetimeActions }) => ({
  id,
  dated: [createdOn instanceof Date, updatedOn instanceof Date],
  expiresIn,
  lifetimeActions,
})
const refusal = (promise) =>
  promise.then(
    () => 'no refusal',
    ({ statusCode, code, message }) => `${statusCode} ${code} ${message.split('. ', 1)}`,
  )

const first = await client.createKey(keyName, 'EC', { tags: { of: 'mine' } })
seen.byDefault = shown(await client.getKeyRotationPolicy(keyName))
// Set the key's automated rotation policy to rotate the key 30 days before expiry.
const policy = await client.updateKeyRotationPolicy(keyName, {
  lifetimeActions: [{ action: 'Rotate', timeBeforeExpiry: 'P30D' }],
  expiresIn: 'P90D',
})
seen.set = shown(policy)
const currentPolicy = await client.getKeyRotationPolicy(keyName)
seen.same = JSON.stringify(currentPolicy) === JSON.stringify(policy)
const rotatedKey = await client.rotateKey(keyName)
const { createdOn, expiresOn, version, tags } = rotatedKey.properties
seen.rotated = {
  another: version !== first.properties.version,
  type: rotatedKey.keyType,
  days: (expiresOn - createdOn) / 86_400_000,
  tags,
}
const myPolicy = await client.getKeyRotationPolicy(keyName)
seen.again = shown(await client.updateKeyRotationPolicy(keyName, myPolicy)).lifetimeActions
seen.refused = await refusal(client.updateKeyRotationPolicy(keyName, { expiresIn: 'P7D' }))
seen.missing = await refusal(client.getKeyRotationPolicy('nobody'))
console.log(JSON.stringify(seen))
