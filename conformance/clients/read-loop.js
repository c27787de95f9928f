/** Reads one secret with @azure/keyvault-secrets and prints the value with its version, again for each line of its input, until that ends. */
import { createInterface } from 'node:readline'
import { DefaultAzureCredential } from '@azure/identity'
import { SecretClient } from '@azure/keyvault-secrets'

const client = new SecretClient(process.env.AZURE_KEYVAULT_URL, new DefaultAzureCredential())
for await (const _ of createInterface({ input: process.stdin })) {
  const { value, properties } = await client.getSecret(process.argv[2])
  console.log(JSON.stringify([value, properties.version]))
}
