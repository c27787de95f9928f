/** Backup, restore and the waiting of @azure/keyvault-secrets, as its documentation shows them. Prints what it saw. */
import { DefaultAzureCredential } from '@azure/identity'
import { SecretClient } from '@azure/keyvault-secrets'
import { refusal } from './refusal.js'

const client = new SecretClient(process.env.AZURE_KEYVAULT_URL, new DefaultAzureCredential())

const seen = {}
const first = await client.setSecret('kept', 'one', { tags: { a: '1' } })
await client.setSecret('kept', 'two')
const backup = await client.backupSecret('kept')
seen.backup = backup instanceof Uint8Array && backup.length > 100
seen.taken = await refusal(client.restoreSecretBackup(backup))

const deleting = await client.beginDeleteSecret('kept', { intervalInMs: 100 })
seen.doneAtOnce = deleting.isDone()
seen.early = await refusal(client.purgeDeletedSecret('kept'))
await deleting.pollUntilDone()
await (await client.beginRecoverDeletedSecret('kept', { intervalInMs: 100 })).pollUntilDone()
seen.recovered = (await client.getSecret('kept')).value
await (await client.beginDeleteSecret('kept', { intervalInMs: 100 })).pollUntilDone()
await client.purgeDeletedSecret('kept')
seen.afterPurge = await refusal(client.setSecret('kept', 'three'))
do {
  seen.restoring = await refusal(client.restoreSecretBackup(backup))
} while (seen.restoring === '409 Conflict')
seen.restored = (await client.getSecret('kept')).value
const old = await client.getSecret('kept', { version: first.properties.version })
seen.old = [old.value, old.properties.tags, old.properties.createdOn.getTime() === first.properties.createdOn.getTime()]
seen.tampered = await refusal(client.restoreSecretBackup(backup.map((byte, index) => (index === 40 ? byte ^ 1 : byte))))
console.log(JSON.stringify(seen))
