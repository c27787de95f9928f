/** Reads a secret 2,000 times and, when its parent had a moment, once more. Prints how many reads succeeded. */
import { setTimeout as wait } from 'node:timers/promises'
import { DefaultAzureCredential } from '@azure/identity'
import { SecretClient } from '@azure/keyvault-secrets'

const client = new SecretClient(process.env.AZURE_KEYVAULT_URL, new DefaultAzureCredential())
let read = 0
const get = async () => {
  if ((await client.getSecret('hot')).value === 'v') read += 1
}
await get()
while (read < 2000) await Promise.all(Array.from({ length: Math.min(16, 2000 - read) }, get))
await wait(500)
const begun = performance.now()
await get()
console.log(JSON.stringify({ read, lastMs: Math.round(performance.now() - begun) }))
