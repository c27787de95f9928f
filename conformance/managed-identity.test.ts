import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { builtInRoles } from '@cardea/contract/roles'
import { principalByApp } from '@cardea/server/core/identity/directory'
import type { Principal } from '@cardea/server/core/identity/principal'
import { type House, openHouse } from '@cardea/server/testing/house'
import { needs } from '@cardea/tools/servers/require'
import { findPythonSdk, seenBy } from './client.ts'

const data = await mkdtemp(join(tmpdir(), 'cardea-machine-'))
async function make(first: House, name: string) {
  const { domain, subscription } = first.cardea.installation
  const host = `management.${domain}`
  const path = `/subscriptions/${subscription}/resourceGroups/demo/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}?api-version=2023-01-31`
  const token = await first.developerToken(`https://${host}`)
  const heard = await first.ask(host, 'PUT', path, { token, body: { location: 'local' } })
  assert.equal(heard.status, 201, heard.text)
  const { clientId, principalId } = heard.json.properties
  return [clientId, principalId, heard.json.id] as const
}
/** The client id, the object id and the resource id of an identity that programs here may be, and of one that they may not. */
const [names, others] = await (async () => {
  await using first = await openHouse({ data })
  return [await make(first, 'ai-api'), await make(first, 'another')] as const
})()
const [clientId] = names
// The operator allows programs of this machine to be it.
const house = await openHouse({ data, env: { CARDEA_MACHINE_IDENTITIES: clientId } })
after(async () => {
  await house[Symbol.asyncDispose]()
  await rm(data, { recursive: true, force: true })
})
const identity = (await principalByApp(
  house.cardea.base.database.read,
  house.cardea.base.keyring,
  clientId,
)) as Principal
const set = await house.ask(house.vaultHost, 'PUT', '/secrets/proof?api-version=7.4', {
  token: await house.developerToken(),
  body: { value: 'seen' },
})
assert.equal(set.status, 200)
const vaultId = () =>
  `/subscriptions/${house.cardea.installation.subscription}/resourceGroups/demo/providers/Microsoft.KeyVault/vaults/demo`
const python = needs('Debian’s python3-azure', findPythonSdk)

describe('a managed identity, with the environment alone', () => {
  it('App reads secrets: Key Vault Secrets User role on managed identity', async () => {
    // The machine itself holds the role from the founding of a demo vault on.
    const ours = (seen: unknown) => ({ machine: 'seen', client: seen, object: seen, resource: seen })
    assert.deepEqual(await seenBy('machine.js', house.env, names), ours(403))
    const undo = await house.assign(identity, builtInRoles.keyVaultSecretsUser, vaultId())
    assert.deepEqual(await seenBy('machine.js', house.env, names), ours('seen'))
    await undo()
  })

  it('is given to Python too, by each of its names', { skip: python.skip }, async () => {
    const undo = await house.assign(identity, builtInRoles.keyVaultSecretsUser, vaultId())
    const ours = (seen: unknown) => ({ machine: 'seen', client: seen, object: seen, resource: seen })
    assert.deepEqual(await seenBy('machine.py', house.env, names), ours('seen'))
    await undo()
    assert.deepEqual(await seenBy('machine.py', house.env, names), ours(403))
  })

  it('is not given to programs where the operator doesn’t allow it', async () => {
    const seen = await seenBy('machine.js', house.env, others)
    for (const name of ['client', 'object', 'resource']) assert.match(String(seen[name]), /Error: /)
  })
})
