import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { AuthorizationManagementClient } from '@azure/arm-authorization'
import { DefaultAzureCredential } from '@azure/identity'

/**
 * Roles as an operator manages them with Azure's management client: run by `authorization.test.ts` in a process of its
 * own, since a process reads its trusted certificates once, as it begins.
 */
const env = process.env as Record<string, string>
const management = env.MANAGEMENT as string
const subscription = env.SUBSCRIPTION as string
const principalId = env.PRINCIPAL as string
const client = new AuthorizationManagementClient(new DefaultAzureCredential(), subscription, {
  endpoint: management,
  $host: management,
  credentialScopes: [`${management}/.default`],
})
const userAccessAdministrator = '18d7d88d-d35e-4fb5-a5c3-7773c20a72d9'
const group = `/subscriptions/${subscription}/resourceGroups/demo`
const vault = `${group}/providers/Microsoft.KeyVault/vaults/demo`

const failure = (statusCode: number, code: string) => (error: unknown) => {
  const seen = error as { statusCode?: number; code?: string }
  assert.deepEqual([seen.statusCode, seen.code], [statusCode, code])
  return true
}
async function all<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const one of pages) found.push(one)
  return found
}

const [user] = await all(client.roleDefinitions.list(vault, { filter: "roleName eq 'Key Vault Secrets User'" }))
assert.equal(user?.name, '4633458b-17de-408a-b874-0445c86b69e6')
assert.equal(user?.roleType, 'BuiltInRole')
assert.equal((await client.roleDefinitions.getById(user?.id as string)).roleName, 'Key Vault Secrets User')

const name = randomUUID()
const wanted = { roleDefinitionId: user?.id as string, principalId, principalType: 'ServicePrincipal' }
const condition = "@Resource[Microsoft.KeyVault/vaults/secrets:name] StringStartsWith 'app-'"
const made = await client.roleAssignments.create(vault, name, { ...wanted, condition, conditionVersion: '2.0' })
assert.deepEqual([made.name, made.scope, made.principalId, made.condition], [name, vault, principalId, condition])
assert.ok(made.createdOn instanceof Date)
await assert.rejects(client.roleAssignments.create(vault, randomUUID(), wanted), failure(409, 'RoleAssignmentExists'))
await assert.rejects(
  client.roleAssignments.create(vault, randomUUID(), { ...wanted, principalId: randomUUID() }),
  failure(400, 'PrincipalNotFound'),
)
await assert.rejects(
  client.roleAssignments.create(`${group}x`, randomUUID(), wanted),
  failure(404, 'ResourceGroupNotFound'),
)

const secret = `${vault}/secrets/app-db`
await client.roleAssignments.create(secret, randomUUID(), wanted)
const filter = `principalId eq '${principalId}'`
const count = async (pages: AsyncIterable<unknown>) => (await all(pages)).length
assert.equal(await count(client.roleAssignments.listForScope(vault, { filter })), 2)
assert.equal(
  await count(client.roleAssignments.listForScope(vault, { filter: `atScope() and assignedTo('${principalId}')` })),
  1,
)
assert.equal(await count(client.roleAssignments.listForSubscription({ filter })), 2)
assert.equal(await count(client.roleAssignments.listForResourceGroup('demo', { filter })), 2)
assert.equal(
  await count(client.roleAssignments.listForResource('demo', 'Microsoft.KeyVault', 'vaults', 'demo', { filter })),
  2,
)
assert.equal((await client.roleAssignments.getById(made.id as string)).name, name)

// One by its whole id: made, asked and taken away.
const whole = `${group}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`
assert.equal((await client.roleAssignments.createById(whole, wanted)).id, whole)
assert.equal((await client.roleAssignments.getById(whole)).scope, group)
assert.equal((await client.roleAssignments.deleteById(whole)).id, whole)
await assert.rejects(client.roleAssignments.getById(whole), failure(404, 'RoleAssignmentNotFound'))

const deny = client.denyAssignments
for (const none of [
  deny.list(),
  deny.listForScope(vault),
  deny.listForResourceGroup('demo'),
  deny.listForResource('demo', 'Microsoft.KeyVault', '', 'vaults', 'demo'),
]) {
  assert.equal(await count(none), 0)
}
const denied = randomUUID()
await assert.rejects(deny.get(vault, denied), { statusCode: 404 })
await assert.rejects(deny.getById(`${vault}/providers/Microsoft.Authorization/denyAssignments/${denied}`), {
  statusCode: 404,
})
for (const own of [
  client.permissions.listForResourceGroup('demo'),
  client.permissions.listForResource('demo', 'Microsoft.KeyVault', '', 'vaults', 'demo'),
]) {
  const mine = await all(own)
  assert.ok(mine.some(({ actions }) => actions?.includes('*')))
  assert.ok(mine.some(({ dataActions }) => dataActions?.includes('Microsoft.KeyVault/vaults/*')))
}

const id = randomUUID()
const custom = await client.roleDefinitions.createOrUpdate(group, id, {
  roleName: 'Namer of secrets',
  description: 'Sees names, not values',
  permissions: [{ actions: [], dataActions: ['Microsoft.KeyVault/vaults/secrets/readMetadata/action'] }],
  assignableScopes: [group],
})
assert.deepEqual(
  [custom.roleName, custom.roleType, custom.assignableScopes],
  ['Namer of secrets', 'CustomRole', [group]],
)
const assigned = await client.roleAssignments.create(vault, randomUUID(), {
  ...wanted,
  roleDefinitionId: custom.id as string,
})
await assert.rejects(client.roleDefinitions.delete(group, id), failure(400, 'RoleDefinitionHasAssignments'))
await client.roleAssignments.deleteById(assigned.id as string)
assert.equal((await client.roleDefinitions.delete(group, id)).roleName, 'Namer of secrets')
await assert.rejects(client.roleDefinitions.get(group, id), failure(404, 'RoleDefinitionDoesNotExist'))

// A global administrator, as the developer is, hands on the right to assign roles everywhere, and takes it again.
const roots = async () => {
  const found = await all(client.roleAssignments.listForSubscription({ filter: 'atScope()' }))
  return found.filter((one) => one.scope === '/' && one.roleDefinitionId?.endsWith(userAccessAdministrator))
}
const [mine] = await roots()
const handed = { principalId, principalType: 'ServicePrincipal', roleDefinitionId: mine?.roleDefinitionId as string }
const successor = await client.roleAssignments.create('', randomUUID(), handed)
await client.roleAssignments.deleteById(mine?.id as string)
assert.deepEqual(
  (await roots()).map(({ id }) => id),
  [successor.id],
)
await client.globalAdministrator.elevateAccess()
const [elevated, ...more] = (await roots()).filter(({ id }) => id !== successor.id)
assert.deepEqual([elevated?.principalId, elevated?.createdBy, more], [mine?.principalId, mine?.principalId, []])

assert.equal((await client.roleAssignments.delete(vault, name)).name, name)
await assert.rejects(client.roleAssignments.get(vault, name), failure(404, 'RoleAssignmentNotFound'))
console.log(JSON.stringify({ done: true }))
