import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { actions } from '@cardea/contract/actions'
import { builtInRoles } from '@cardea/contract/roles'
import type { Fault } from '#base/fault.ts'
import { attributesOf, attributesOfAssignment, conditionFrom, type Verdict } from './condition.ts'

const vault = '/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/orders'
const get = actions['secrets/get']
const list = actions['secrets/list']
const named = '@Resource[Microsoft.KeyVault/vaults/secrets:name]'

/** What a condition says to an action on a secret of the vault, or on the vault itself. */
const said = (condition: string, action: string, secret?: string): Verdict =>
  conditionFrom(condition)({
    action,
    resource: attributesOf(secret === undefined ? vault : `${vault}/secrets/${secret}`),
    request: {},
  })

describe('a condition', () => {
  const app = `!(ActionMatches{'${get}'}) OR ${named} StringStartsWith 'app-'`

  it('narrows an action to secrets of a name, and leaves other actions alone', () => {
    assert.equal(said(app, get, 'app-db'), true)
    assert.equal(said(app, get, 'prod-db'), false)
    assert.equal(said(app, list), true)
  })

  it('compares by every documented operator', () => {
    for (const [words, fits, fitsNot] of [
      [`StringEquals 'a'`, 'a', 'ab'],
      [`StringNotEquals 'a'`, 'ab', 'a'],
      [`StringStartsWith 'a'`, 'ab', 'ba'],
      [`StringNotStartsWith 'a'`, 'ba', 'ab'],
      [`StringLike 'a*-?'`, 'app-1', 'app-12'],
      [`StringNotLike 'a*'`, 'b', 'a'],
      [`StringMatches '^app-[0-9]+$'`, 'app-17', 'app-x'],
      [`StringNotMatches '^app'`, 'prod', 'app'],
      [`StringEqualsIgnoreCase 'A'`, 'a', 'b'],
      [`StringStartsWithIgnoreCase 'A'`, 'ab', 'b'],
      [`StringLikeIgnoreCase 'A*'`, 'ab', 'b'],
      [`StringMatchesIgnoreCase 'A'`, 'a', 'b'],
      [`ForAnyOfAnyValues:StringEquals {'a', 'b'}`, 'b', 'c'],
      [`ForAnyOfAllValues:StringStartsWith {'a', 'ab'}`, 'abc', 'ac'],
      [`ForAllOfAnyValues:StringLike {'a*', 'b*'}`, 'bc', 'c'],
      [`ForAnyOfAnyValues:StringNotEquals {'a', 'b'}`, 'c', 'a'],
    ] as const) {
      assert.equal(said(`${named} ${words}`, get, fits), true, `${words}: ${fits}`)
      assert.equal(said(`${named} ${words}`, get, fitsNot), false, `${words}: ${fitsNot}`)
    }
  })

  it('is neither true nor false of a setting whose id is written wrongly', () => {
    const store = '/subscriptions/s/resourceGroups/g/providers/Microsoft.AppConfiguration/configurationStores/s'
    for (const words of [`StringEquals 'a'`, `StringNotEquals 'a'`]) {
      const condition = conditionFrom(
        `@Resource[Microsoft.AppConfiguration/configurationStores/keyValues:key] ${words}`,
      )
      for (const part of ['%', '%zz', 'a%2', '%ff']) {
        const question = { action: get, resource: attributesOf(`${store}/keyValues/${part}`), request: {} }
        assert.equal(condition(question), undefined, part)
      }
    }
  })

  it('can’t be passed by another spelling of the same secret', () => {
    assert.equal(said(`${named} StringNotStartsWith 'prod-'`, get, 'PROD-db'), false)
    assert.equal(said(`!(${named} StringLike 'Prod-*')`, get, 'prod-db'), false)
  })

  it('is not true of a list when it is about names, not even turned around', () => {
    for (const words of [`${named} StringStartsWith 'a'`, `!(${named} StringStartsWith 'prod-')`]) {
      assert.equal(said(words, list), undefined, words)
    }
    assert.equal(said(`Exists ${named}`, list), false)
    assert.equal(said(`NotExists ${named}`, list), true)
    assert.equal(said(`!(ActionMatches{'${get}'}) AND !(${named} StringEquals 'a')`, get), false)
  })

  it('takes words and signs for and, or, not, and closes AND before OR', () => {
    const [yes, no] = [`ActionMatches{'${get}'}`, `ActionMatches{'${list}'}`]
    assert.equal(said(`${yes} || ${no} && ${no}`, get), true)
    assert.equal(said(`(${yes} or ${no}) and not ${yes}`, get), false)
    assert.equal(said(`!!${yes}`, get), true)
  })

  it('is refused when it isn’t understood, and says where', () => {
    for (const words of [
      '',
      'true',
      `${named}`,
      `${named} StringEquals`,
      `${named} StringEquals 'a' 'b'`,
      `${named} StringEquals 'a`,
      `${named} NumericEquals '1'`,
      `${named} DateTimeGreaterThan '2026-01-01'`,
      `@Principal[Microsoft.Directory/CustomSecurityAttributes/Id:x] StringEquals 'a'`,
      `@Environment[UtcNow] StringEquals 'a'`,
      `@Resource[Microsoft.Storage/storageAccounts:name] StringEquals 'a'`,
      `@Resource[Microsoft.KeyVault/vaults/secrets:tags] StringEquals 'a'`,
      `SubOperationMatches{'x'}`,
      `ActionMatches{get}`,
      `(${named} StringEquals 'a'`,
      `${named} StringEquals 'a')`,
      `${named} StringEquals 'a' OR`,
      `${named} StringMatches '(a+)+$'`,
      `${named} StringMatches '(?=a)'`,
      `${'('.repeat(100)}${named} StringEquals 'a'${')'.repeat(100)}`,
      `${named} StringEquals '${'a'.repeat(9000)}'`,
    ]) {
      assert.throws(
        () => conditionFrom(words),
        (error: Fault) => error.code === 'invalid',
        words,
      )
    }
    assert.throws(() => conditionFrom(`${named} Sounds 'a'`), /character 5\d\. The operator Sounds/)
  })

  it('takes no longer for a name that was made to be slow', () => {
    const long = 'a'.repeat(127)
    const began = performance.now()
    said(`${named} StringMatches '${'(a|a)'.repeat(30)}b'`, get, long)
    said(`${named} StringMatches '${'a?'.repeat(50)}b'`, get, long)
    said(`${named} StringLike '${'a*'.repeat(60)}b'`, get, long)
    assert.ok(performance.now() - began < 500)
  })

  it('binds a Data Access Administrator to the data roles of vaults', () => {
    const condition = conditionFrom(builtInRoles.keyVaultDataAccessAdministrator.condition as string)
    const assigns = (role: string): Verdict =>
      condition({
        action: actions['roles/assign'],
        resource: {},
        request: attributesOfAssignment({ role, principal: 'p', kind: 'User' }),
      })
    assert.equal(assigns(builtInRoles.keyVaultSecretsUser.id), true)
    assert.equal(assigns(builtInRoles.owner.id), false)
    assert.equal(assigns(builtInRoles.keyVaultDataAccessAdministrator.id), false)
    assert.equal(condition({ action: actions['roles/read'], resource: {}, request: {} }), true)
  })
})
