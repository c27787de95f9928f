/** A program that may use a key and not read it: then Azure's client computes nothing by itself. Prints what it saw. */
import { createHash } from 'node:crypto'
import { DefaultAzureCredential } from '@azure/identity'
import { KeyClient } from '@azure/keyvault-keys'

const client = new KeyClient(process.env.AZURE_KEYVAULT_URL, new DefaultAzureCredential())
const key = client.getCryptographyClient('unread')
const data = Buffer.from('what is signed')
const seen = { read: await client.getKey('unread').catch(({ statusCode }) => statusCode) }
for (const algorithm of ['RSA1_5', 'RSA-OAEP', 'RSA-OAEP-256']) {
  const encrypted = await key.encrypt({ algorithm, plaintext: data })
  const wrapped = await key.wrapKey(algorithm, data)
  seen[algorithm] = [
    data.equals((await key.decrypt({ algorithm, ciphertext: encrypted.result })).result),
    data.equals((await key.unwrapKey(algorithm, wrapped.result)).result),
  ]
}
for (const algorithm of ['RS256', 'PS512']) {
  const digest = createHash(`sha${algorithm.slice(2)}`)
    .update(data)
    .digest()
  const signed = await key.signData(algorithm, data)
  seen[algorithm] = [
    (await key.verifyData(algorithm, data, signed.result)).result,
    (await key.verify(algorithm, digest, signed.result)).result,
  ]
}
console.log(JSON.stringify(seen))
