import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Refused } from './administrator.ts'
import { remedyFor } from './rehearsal.ts'

it('a refusal of MariaDB names the privilege that is missing, and soon, however long it is', () => {
  const lacking = (message: string) => remedyFor(new Refused(1227, message), "'dba'@'%'", 'admin')
  const usual = 'Access denied; you need (at least one of) the SUPER, CONNECTION ADMIN privilege(s) for this operation'
  assert.equal(lacking(usual), "GRANT CONNECTION ADMIN ON *.* TO 'dba'@'%';")
  const since = performance.now()
  assert.equal(lacking(') the '.repeat(50_000)), "GRANT CREATE USER ON *.* TO 'dba'@'%';")
  assert.ok(performance.now() - since < 1_000)
})
