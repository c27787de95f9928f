import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Fault } from '#base/fault.ts'
import { targetOf } from './reference.ts'
import { afterPrefix, drafted, isUnchanged, refuseLarge, refuseUnmet, type Setting, sameContent } from './setting.ts'

const plain: Setting = {
  key: 'k',
  label: undefined,
  etag: 'e1',
  contentType: undefined,
  value: 'v',
  tags: {},
  description: undefined,
  locked: false,
  modified: 0,
  since: 0,
}
const refuses = (deed: () => unknown): boolean => {
  try {
    deed()
    return false
  } catch (error) {
    assert.ok(error instanceof Fault)
    return true
  }
}

describe('a condition on a write', () => {
  const wishes: [string, { match?: string; noneMatch?: string }, string | undefined, boolean][] = [
    ['nothing demanded, nothing there', {}, undefined, true],
    ['If-Match, and it is that one', { match: 'e1' }, 'e1', true],
    ['If-Match, and it is another', { match: 'e2' }, 'e1', false],
    ['If-Match, and there is none', { match: 'e1' }, undefined, false],
    ['If-Match any, and there is one', { match: '*' }, 'e1', true],
    ['If-Match any, and there is none', { match: '*' }, undefined, false],
    ['If-None-Match any, and there is one', { noneMatch: '*' }, 'e1', false],
    ['If-None-Match any, and there is none', { noneMatch: '*' }, undefined, true],
    ['If-None-Match, and it is that one', { noneMatch: 'e1' }, 'e1', false],
    ['If-None-Match, and it is another', { noneMatch: 'e2' }, 'e1', true],
  ]
  for (const [name, { match, noneMatch }, etag, allowed] of wishes) {
    it(`${name}: ${allowed ? 'goes on' : 'is refused'}`, () =>
      assert.equal(!refuses(() => refuseUnmet({ match, noneMatch }, etag)), allowed))
  }
})

it('a reader who has the newest is told so, and one who asks for another is refused', () => {
  assert.equal(isUnchanged({ match: undefined, noneMatch: 'e1' }, 'e1'), true)
  assert.equal(isUnchanged({ match: undefined, noneMatch: 'e0' }, 'e1'), false)
  assert.ok(refuses(() => isUnchanged({ match: 'e0', noneMatch: undefined }, 'e1')))
})

it('what says the same is the same, in whatever order its tags stand', () => {
  assert.ok(sameContent({ ...plain, tags: { a: '1', b: null } }, { ...plain, etag: 'e2', tags: { b: null, a: '1' } }))
  assert.ok(!sameContent(plain, { ...plain, value: 'w' }))
  assert.ok(!sameContent(plain, { ...plain, value: undefined }))
  assert.ok(!sameContent(plain, { ...plain, contentType: '' }))
  assert.ok(!sameContent({ ...plain, tags: { a: '1' } }, { ...plain, tags: { b: '1' } }))
})

it('a writing replaces the whole, and leaves a description to those who speak of none', () => {
  const before = { ...plain, contentType: 'text/plain', tags: { a: '1' }, description: 'old' }
  const draft = { value: 'w', contentType: undefined, tags: {}, description: undefined }
  assert.deepEqual(drafted(before, draft, before, 'e2', 5), {
    ...plain,
    value: 'w',
    description: 'old',
    etag: 'e2',
    modified: 5,
  })
  assert.equal(drafted(before, { ...draft, description: null }, before, 'e2', 5).description, undefined)
})

it('a setting of more than 10 KB is refused with what was measured and what is allowed', () => {
  refuseLarge({ ...plain, value: 'x'.repeat(10_239) }, 10_240)
  assert.throws(() => refuseLarge({ ...plain, value: 'ü'.repeat(5_120) }, 10_240), /at most 10240 bytes.* has 10241/)
})

it('the text after a prefix follows everything that begins with it', () => {
  assert.equal(afterPrefix('ab'), 'ac')
  assert.equal(afterPrefix('\ud7ff'), '\ue000')
  assert.equal(afterPrefix('a\u{10ffff}'), 'b')
  assert.equal(afterPrefix('\u{10ffff}'), undefined)
})

describe('a Key Vault reference', () => {
  const type = 'application/vnd.microsoft.appconfig.keyvaultref+json;charset=utf-8'
  const to = (uri: string, contentType = type) =>
    targetOf({ ...plain, contentType, value: JSON.stringify({ uri }) }, 'cardea.internal')
  it('names the vault and the secret of this house', () => {
    assert.deepEqual(to('https://demo.vault.cardea.internal/secrets/Db'), {
      vault: 'demo',
      secret: 'Db',
      version: undefined,
    })
    assert.deepEqual(to('https://DEMO.vault.cardea.internal:8443/secrets/db/ABC/'), undefined)
    assert.deepEqual(to('https://DEMO.vault.cardea.internal:8443/secrets/db/ABC'), {
      vault: 'demo',
      secret: 'db',
      version: 'abc',
    })
  })
  it('is none when it points elsewhere, is no reference, or is no JSON', () => {
    assert.equal(to('https://demo.vault.azure.net/secrets/db'), undefined)
    assert.equal(to('https://demo.vault.cardea.internal.evil.example/secrets/db'), undefined)
    assert.equal(to('http://demo.vault.cardea.internal/secrets/db'), undefined)
    assert.equal(to('https://demo.vault.cardea.internal/keys/db'), undefined)
    assert.equal(to('https://demo.vault.cardea.internal/secrets/db', 'application/json'), undefined)
    assert.equal(targetOf({ ...plain, contentType: type, value: 'no json' }, 'cardea.internal'), undefined)
  })
})
