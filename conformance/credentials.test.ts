import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { addCertificate, principalByApp } from '@cardea/server/core/identity/directory'
import { enter } from '@cardea/server/core/identity/entries'
import { keepFederated } from '@cardea/server/core/identity/federated-credentials'
import { choosePassword, setUserPassword } from '@cardea/server/core/identity/people'
import { openHouse } from '@cardea/server/testing/house'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { seenBy } from './client.ts'

const folder = mkdtempSync(join(tmpdir(), 'cardea-credentials-'))
const issuer = 'https://kubernetes.default.svc.cluster.local'
const subject = 'system:serviceaccount:shop:checkout'
const audience = 'api://AzureADTokenExchange'
const person = 'ada@cardea.internal'
const password = 'correct horse battery'
const [certificate, tokenFile, keysFile] = ['app.pem', 'token', 'keys.json'].map((name) => join(folder, name)) as [
  string,
  string,
  string,
]

const keys = await generateKeyPair('RS256')
writeFileSync(keysFile, JSON.stringify({ keys: [{ ...(await exportJWK(keys.publicKey)), kid: 'k', alg: 'RS256' }] }))
const token = await new SignJWT({ sub: subject, iss: issuer, aud: audience })
  .setProtectedHeader({ alg: 'RS256', kid: 'k' })
  .setIssuedAt()
  .setExpirationTime('1h')
  .sign(keys.privateKey)
writeFileSync(tokenFile, `${token}\n`)
const options = ['-newkey', 'rsa:2048', '-nodes', '-keyout', certificate, '-days', '9', '-subj', '/CN=app']
const made = spawnSync('openssl', ['req', '-x509', ...options, '-out', `${certificate}.crt`])
assert.equal(made.status, 0, String(made.stderr))
const pem = readFileSync(`${certificate}.crt`, 'utf8')
writeFileSync(certificate, readFileSync(certificate, 'utf8') + pem)

const house = await openHouse({ env: { CARDEA_ISSUERS: `${issuer};jwks=${keysFile}` } })
after(async () => {
  await house[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})
const { base, installation } = house.cardea
const developer = await principalByApp(base.database.read, base.keyring, house.env.AZURE_CLIENT_ID as string)
assert.ok(developer)
const ada = await base.database.write(async (turn) => {
  await addCertificate(turn, base.keyring, developer, pem, { name: 'test', ends: turn.at + 86_400_000 })
  const draft = { name: 'cluster', issuer, subject, audiences: [audience], description: '' }
  await keepFederated(turn, base.keyring, developer.objectId, draft)
  const told = { name: 'Ada', kind: 'user', appId: '', enabled: true, userPrincipalName: person, details: {} } as const
  const entry = await enter(turn, base.keyring, told)
  await setUserPassword(turn, base.keyring, entry.objectId, await choosePassword(password))
  return entry
})
await house.assign(ada, builtInRoles.keyVaultSecretsUser, `/subscriptions/${installation.subscription}`)
const put = await house.ask(house.vaultHost, 'PUT', '/secrets/proof?api-version=7.4', {
  token: await house.developerToken(),
  body: { value: 'seen' },
})
assert.equal(put.status, 200)

describe('Azure’s own credentials', () => {
  it('each read a secret, and then get a token for another audience', async () => {
    const own = { CERTIFICATE: certificate, TOKEN_FILE: tokenFile, PERSON: person, PASSWORD: password }
    assert.deepEqual(await seenBy('credentials.js', { ...house.env, ...own }), {
      secret: ['seen', true],
      certificate: ['seen', true],
      chain: ['seen', true],
      assertion: ['seen', true],
      workload: ['seen', true],
      person: ['seen', true],
      machine: ['seen', true],
    })
  })
})
