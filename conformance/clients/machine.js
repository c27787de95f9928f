/** Azure's ManagedIdentityCredential, with the environment alone: the machine, then an identity by each of its names. */
import { ManagedIdentityCredential } from '@azure/identity'
import { SecretClient } from '@azure/keyvault-secrets'

const [clientId, objectId, resourceId] = process.argv.slice(2)
const credentials = {
  machine: new ManagedIdentityCredential(),
  client: new ManagedIdentityCredential(clientId),
  object: new ManagedIdentityCredential({ objectId }),
  resource: new ManagedIdentityCredential({ resourceId }),
}
const seen = {}
for (const [name, credential] of Object.entries(credentials)) {
  seen[name] = await new SecretClient(process.env.AZURE_KEYVAULT_URL, credential).getSecret('proof').then(
    ({ value }) => value,
    ({ name, message, statusCode }) => statusCode ?? `${name}: ${message.split('\n', 1)[0]}`,
  )
}
console.log(JSON.stringify(seen))
