/** Each of Azure's credentials reads the same secret; prints what each read, or why it couldn't. */
import { readFileSync } from 'node:fs'
import {
  ClientAssertionCredential,
  ClientCertificateCredential,
  ClientSecretCredential,
  ManagedIdentityCredential,
  UsernamePasswordCredential,
  WorkloadIdentityCredential,
} from '@azure/identity'
import { SecretClient } from '@azure/keyvault-secrets'

const { AZURE_CLIENT_ID: id, AZURE_CLIENT_SECRET: secret, CERTIFICATE, TOKEN_FILE, PERSON, PASSWORD } = process.env
const assertion = async () => readFileSync(TOKEN_FILE, 'utf8').trim()
const credentials = {
  secret: new ClientSecretCredential('adfs', id, secret),
  certificate: new ClientCertificateCredential('adfs', id, CERTIFICATE),
  chain: new ClientCertificateCredential('adfs', id, { certificatePath: CERTIFICATE }, { sendCertificateChain: true }),
  assertion: new ClientAssertionCredential('adfs', id, assertion),
  workload: new WorkloadIdentityCredential({ tenantId: 'adfs', clientId: id, tokenFilePath: TOKEN_FILE }),
  person: new UsernamePasswordCredential('adfs', '04b07795-8ddb-461a-bbee-02f9e1bf7b46', PERSON, PASSWORD),
  machine: new ManagedIdentityCredential(),
}
const seen = {}
for (const [name, credential] of Object.entries(credentials)) {
  try {
    const { value } = await new SecretClient(process.env.AZURE_KEYVAULT_URL, credential).getSecret('proof')
    // Another audience, with the same assertion where the library keeps it.
    const { expiresOnTimestamp } = await credential.getToken('https://management.cardea.internal/.default')
    seen[name] = [value, expiresOnTimestamp > Date.now()]
  } catch (error) {
    seen[name] = `${error.name}: ${error.message.split('\n', 1)[0]}`
  }
}
console.log(JSON.stringify(seen))
