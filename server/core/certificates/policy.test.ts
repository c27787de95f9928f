import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Fault } from '#base/fault.ts'
import { operationsOf, termsOf } from './certificate.ts'
import { actionDue, importedPolicy, type PolicyDraft, policyFrom, renewsItself } from './policy.ts'

const day = 86_400_000
const at = Date.parse('2026-03-31T12:00:00.500Z')
const named = { subject: 'CN=web.example' } as const
const self = { ...named, issuer: { name: 'Self' } } as const
const refuses = (draft: PolicyDraft, where: string, words: RegExp) =>
  assert.throws(
    () => policyFrom({ ...self, ...draft }, at),
    (error) => error instanceof Fault && error.particulars.where === where && words.test(error.message),
  )

describe('the policy of a certificate', () => {
  it('is filled up as Key Vault fills it', () => {
    assert.deepEqual(policyFrom(named, at), {
      key: { exportable: true, custody: 'software', shape: { type: 'RSA', bits: 2048 }, reuse: false },
      contentType: 'application/x-pkcs12',
      subject: 'CN=web.example',
      sans: undefined,
      ekus: ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'],
      keyUsage: ['digitalSignature', 'keyEncipherment'],
      ca: false,
      validityMonths: 12,
      actions: [{ type: 'mail', percentage: 80 }],
      issuer: { name: 'Unknown', type: undefined, transparency: undefined },
      enabled: true,
      created: at,
      updated: at,
    })
    assert.deepEqual(policyFrom(self, at).actions, [{ type: 'renew', percentage: 80 }])
  })

  it('keeps what a change of it doesn’t name', () => {
    const before = policyFrom({ ...self, key: { type: 'EC', curve: 'P-384', reuse: true }, validityMonths: 6 }, at)
    const changed = policyFrom({ key: {}, issuer: {}, validityMonths: 3 }, at + day, before)
    assert.deepEqual(changed, { ...before, validityMonths: 3, updated: at + day })
  })

  it('knows curves by name and by size, and refuses what doesn’t fit', () => {
    const shapeOf = (key: PolicyDraft['key']) => policyFrom({ ...self, key }, at).key.shape
    assert.deepEqual(shapeOf({ type: 'EC' }), { type: 'EC', curve: 'P-256' })
    assert.deepEqual(shapeOf({ type: 'EC', bits: 521 }), { type: 'EC', curve: 'P-521' })
    assert.deepEqual(shapeOf({ curve: 'P-256K', bits: 256 }), { type: 'EC', curve: 'P-256K' })
    refuses({ key: { type: 'EC', bits: 384, curve: 'P-256' } }, 'key_size', /256 bits, not 384/)
    refuses({ key: { type: 'EC', bits: 2048 } }, 'key_size', /no curve of 2048/)
    refuses({ key: { type: 'RSA', bits: 1024 } }, 'key_size', /2048/)
  })

  it('lets no key out of a hardware module', () => {
    assert.equal(policyFrom({ ...self, key: { custody: 'hsm' } }, at).key.exportable, false)
    refuses({ key: { custody: 'hsm', exportable: true } }, 'exportable', /never leaves/)
  })

  it('has one lifetime action, by percent or by days, within the certificate’s life', () => {
    const renew = { type: 'renew' } as const
    refuses({ actions: [renew] }, 'lifetime_actions', /either/)
    refuses({ actions: [{ ...renew, percentage: 5, daysBefore: 5 }] }, 'lifetime_actions', /either/)
    refuses({ actions: [{ ...renew, percentage: 100 }] }, 'lifetime_actions', /1 to 99/)
    refuses({ validityMonths: 1, actions: [{ ...renew, daysBefore: 28 }] }, 'lifetime_actions', /from 1 to 27/)
    const two = [{ ...renew, percentage: 5 }, { type: 'mail', percentage: 9 } as const]
    refuses({ actions: two }, 'lifetime_actions', /one lifetime action/)
    assert.deepEqual(policyFrom({ ...self, actions: [] }, at).actions, [])
  })

  it('says when its time comes, and for whom nothing does', () => {
    const life = { notBefore: at, expires: at + 100 * day, enabled: true }
    const due = (draft: PolicyDraft, version = life) => actionDue(policyFrom({ ...self, ...draft }, at), version)
    assert.equal(due({}), at + 80 * day)
    assert.equal(due({ actions: [{ type: 'renew', daysBefore: 30 }] }), at + 70 * day)
    assert.equal(due({ actions: [] }), undefined)
    assert.equal(due({ enabled: false }), undefined)
    assert.equal(due({}, { ...life, enabled: false }), undefined)
    const brought = policyFrom({ ...named, actions: [{ type: 'renew', percentage: 80 }] }, at)
    assert.equal(renewsItself(brought), false)
  })

  it('has months of the calendar, and a beginning ten minutes ago', () => {
    const { notBefore, notAfter } = termsOf(policyFrom({ ...self, validityMonths: 1 }, at), at)
    assert.equal(new Date(notBefore).toISOString(), '2026-03-31T11:50:00.000Z')
    assert.equal(new Date(notAfter).toISOString(), '2026-04-30T12:00:00.000Z')
  })

  it('says of a certificate that was brought along what that says, and rounds its months up', () => {
    const says = {
      ...{ subject: '', sans: undefined, ekus: [], keyUsage: [], ca: false },
      ...{ notBefore: at, notAfter: Date.parse('2027-03-31T12:10:00Z') },
    }
    const shape = { type: 'EC', curve: 'P-256' } as const
    const policy = importedPolicy({ ...self, key: { type: 'RSA', reuse: true }, validityMonths: 2 }, says, shape, at)
    assert.deepEqual([policy.subject, policy.ekus, policy.validityMonths], ['', [], 13])
    assert.deepEqual([policy.key.shape, policy.key.reuse, policy.issuer.name], [shape, true, 'Self'])
  })

  it('turns the uses of a certificate into those of its key', () => {
    const [rsa, ec] = [{ type: 'RSA', bits: 2048 } as const, { type: 'EC', curve: 'P-256' } as const]
    assert.deepEqual(operationsOf(['digitalSignature', 'keyEncipherment'], rsa), [
      'sign',
      'verify',
      'wrapKey',
      'unwrapKey',
    ])
    assert.deepEqual(operationsOf(['digitalSignature', 'keyEncipherment'], ec), ['sign', 'verify'])
    assert.deepEqual(operationsOf(['encipherOnly'], rsa), ['encrypt'])
    assert.deepEqual(operationsOf(['keyAgreement'], ec), [])
    assert.equal(operationsOf([], rsa), undefined)
  })
})
