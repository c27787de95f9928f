import assert from 'node:assert/strict'
import { it } from 'node:test'
import { redacted } from './redaction.ts'

it('an error never repeats a value, the password in it, or what it holds as JSON', () => {
  const uri = 'postgresql://shop_a:p%40ss-word@db:5432/shop'
  const json = '{"username":"shop_a","password":"json-pass","host":"db.example"}'
  for (const said of [uri, 'p%40ss-word', 'p@ss-word', json, 'json-pass', 'opaque-value']) {
    const clean = redacted(`could not log in with ${said} at db.example`, [uri, json, 'opaque-value'])
    assert.equal(clean, 'could not log in with … at db.example', said)
  }
})
