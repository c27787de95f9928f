/** Reads one secret with @azure/keyvault-secrets as fast as it can, and prints each value with its version, until its input ends. */
import { DefaultAzureCredential } from '@azure/identity'
import { SecretClient } from '@azure/keyvault-secrets'

const client = new SecretClient(process.env.AZURE_KEYVAULT_URL, new DefaultAzureCredential())
let reading = true
process.stdin.on('end', () => {
  reading = false
})
process.stdin.resume()
while (reading) {
  const { value, properties } = await client.getSecret(process.argv[2])
  console.log(JSON.stringify([value, properties.version]))
}
