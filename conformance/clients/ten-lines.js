import { load } from '@azure/app-configuration-provider'
import { DefaultAzureCredential } from '@azure/identity'
import { SecretClient } from '@azure/keyvault-secrets'

const credential = new DefaultAzureCredential()
const vault = new SecretClient(process.env.AZURE_KEYVAULT_URL, credential)
await vault.setSecret('greeting', 'hello')
const settings = await load(process.env.AZURE_APPCONFIG_ENDPOINT, credential, { keyVaultOptions: { credential } })
console.log((await vault.getSecret('greeting')).value, settings.get('App:Greeting'))
