/** Every method of @azure/keyvault-secrets that a vault serves, as its documentation shows it. Prints what it saw. */
import { DefaultAzureCredential } from '@azure/identity'
import { SecretClient } from '@azure/keyvault-secrets'
import { refusal } from './refusal.js'

const client = new SecretClient(process.env.AZURE_KEYVAULT_URL, new DefaultAzureCredential())
const seen = {}

const first = await client.setSecret('sdk', 'one', {
  contentType: 'text/plain',
  tags: { a: '1' },
  expiresOn: new Date('2030-01-01T00:00:00Z'),
})
seen.set = [
  first.value,
  first.properties.contentType,
  first.properties.tags,
  first.properties.expiresOn.toISOString(),
  first.properties.recoveryLevel,
  first.properties.recoverableDays,
]
const second = await client.setSecret('sdk', 'two')
seen.latest = (await client.getSecret('sdk')).value
seen.byVersion = (await client.getSecret('sdk', { version: first.properties.version })).value
seen.versions = 0
for await (const version of client.listPropertiesOfSecretVersions('sdk'))
  seen.versions += version.name === 'sdk' && version.vaultUrl === process.env.AZURE_KEYVAULT_URL ? 1 : 0
seen.pages = []
for (let index = 0; index < 27; index += 1) await client.setSecret(`page-${index}`, 'v')
for await (const page of client.listPropertiesOfSecrets().byPage({ maxPageSize: 10 })) seen.pages.push(page.length)
await client.updateSecretProperties('sdk', second.properties.version, { enabled: false, tags: { b: '2' } })
seen.disabled = await refusal(client.getSecret('sdk'))
await client.updateSecretProperties('sdk', '', { enabled: true })
seen.enabledAgain = (await client.getSecret('sdk')).properties.tags
seen.missing = await refusal(client.getSecret('never-was'))
const deleting = await client.beginDeleteSecret('sdk')
seen.recoveryId = (await deleting.pollUntilDone()).recoveryId
seen.gone = await refusal(client.getSecret('sdk'))
seen.taken = await refusal(client.setSecret('sdk', 'three'))
seen.deleted = (await client.getDeletedSecret('sdk')).name
seen.listedDeleted = []
for await (const one of client.listDeletedSecrets()) seen.listedDeleted.push(one.name)
await (await client.beginRecoverDeletedSecret('sdk')).pollUntilDone()
seen.recovered = (await client.getSecret('sdk')).value
await (await client.beginDeleteSecret('sdk')).pollUntilDone()
await client.purgeDeletedSecret('sdk')
seen.purged = await refusal(client.getDeletedSecret('sdk'))
console.log(JSON.stringify(seen))
