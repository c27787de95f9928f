import { AppConfigurationClient } from '@azure/app-configuration'

/**
 * Reads the settings under `tuple/` with Azure's own library, page by page, again and again until its standard input
 * ends; then tells how often it did, and how often values that are written together were not the same.
 */
const client = new AppConfigurationClient(process.env.AZURE_APPCONFIG_CONNECTION_STRING as string)
let reading = true
process.stdin.resume()
process.stdin.once('end', () => {
  reading = false
})

let [reads, mixed] = [0, 0]
const states = new Set<string>()
while (reading) {
  const values = new Set<string>()
  for await (const { value, tags } of client.listConfigurationSettings({ keyFilter: 'tuple/*' }))
    if (tags?.part !== undefined) values.add(value ?? '')
  reads += 1
  if (values.size !== 1) mixed += 1
  for (const value of values) states.add(value)
}
console.log(JSON.stringify({ reads, mixed, states: states.size }))
