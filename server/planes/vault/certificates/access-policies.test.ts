import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { openHouse } from '../../../testing/house.ts'
import { managerOf, vaultPath } from '../../management/testing/manager.ts'
import { type Certificates, certificatesIn, selfPolicy } from '../testing/certificates.ts'

const house = await openHouse()
after(() => house[Symbol.asyncDispose]())
const manager = await managerOf(house)

const host = 'by-policy.vault.cardea.internal'

describe('certificates in a vault that goes by access policies', () => {
  /** One who may do what these words of a policy say, and nothing else. */
  async function holding(certificates: string[], secrets: string[] = []): Promise<Certificates> {
    const { principal, token } = await house.newcomer(certificates.join())
    const { tenant } = house.cardea.installation
    const permissions = { certificates, secrets }
    const added = await manager.ask('PUT', `${vaultPath('by-policy')}/accessPolicies/add`, {
      properties: { accessPolicies: [{ tenantId: tenant, objectId: principal.objectId, permissions }] },
    })
    assert.ok(added.status < 300, added.text)
    return certificatesIn(house, () => token(), host)
  }

  it('are used by the words that Azure has for them, each for itself, and a refusal names the word', async () => {
    const { tenant: tenantId } = house.cardea.installation
    const made = await manager.ask('PUT', vaultPath('by-policy'), {
      location: 'local',
      properties: {
        tenantId,
        sku: { family: 'A', name: 'standard' },
        accessPolicies: [],
        enableRbacAuthorization: false,
      },
    })
    assert.ok(made.status < 300, made.text)
    const maker = await holding(['create', 'get'])
    const { cer } = await maker.make('web', selfPolicy)
    const refused = async (as: Certificates, word: string, method: string, path: string, body?: object) => {
      const { status, json } = await as.ask(method, path, body)
      assert.deepEqual([status, json.error.innererror.code], [403, 'ForbiddenByPolicy'], `${method} ${path}`)
      assert.ok(
        json.error.message.includes(`does not have ${word} permission on key vault 'by-policy;`),
        json.error.message,
      )
    }
    await refused(maker, 'certificates delete', 'DELETE', '/certificates/web')
    await refused(maker, 'certificates update', 'PATCH', '/certificates/web', { tags: {} })
    await refused(maker, 'certificates import', 'POST', '/certificates/web/import', { value: 'AAAA' })
    // Who makes a certificate has no right to its private part by that.
    await refused(maker, 'secrets get', 'GET', '/secrets/web')
    await refused(maker, 'certificates managecontacts', 'GET', '/certificates/contacts')

    const reader = await holding(['get'], ['get'])
    assert.equal((await reader.done('GET', '/certificates/web')).cer, cer)
    assert.equal((await reader.done('GET', '/secrets/web')).managed, true)
    await refused(reader, 'certificates create', 'POST', '/certificates/web/create', {})

    const clerk = await holding(['setissuers', 'getissuers', 'managecontacts'])
    await clerk.done('PUT', '/certificates/issuers/own', { provider: 'Test' })
    assert.equal((await clerk.done('GET', '/certificates/issuers/own')).provider, 'Test')
    await clerk.done('PUT', '/certificates/contacts', { contacts: [{ email: 'a@example.org' }] })
    await refused(clerk, 'certificates deleteissuers', 'DELETE', '/certificates/issuers/own')
    await refused(clerk, 'certificates get', 'GET', '/certificates/web')
  })
})
