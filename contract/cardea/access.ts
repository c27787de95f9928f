import { named } from '../directory/objects.ts'
import { operation } from '../operation.ts'
import { nothing, record } from '../shape.ts'
import { resourceId } from './resource-id.ts'

/** Who may do what, and why (ours). On the management host. */

const ofVault = record({ resource: resourceId })

export const explainAccess = operation({
  id: 'AccessExplain',
  method: 'GET',
  path: '/.cardea/access/explain',
  since: 'always',
  action: 'roles/read',
  effect: 'read',
  params: record({}),
  query: record({ principal: named(64), action: named(256), resource: resourceId }),
  body: nothing,
  status: 200,
})

export const previewConversion = operation({
  id: 'AccessConversionPreview',
  method: 'GET',
  path: '/.cardea/access/conversion',
  since: 'always',
  action: 'roles/read',
  effect: 'read',
  params: record({}),
  query: ofVault,
  body: nothing,
  status: 200,
})

export const convertAccess = operation({
  id: 'AccessConversionApply',
  method: 'POST',
  path: '/.cardea/access/conversion',
  since: 'always',
  action: 'vaults/write',
  effect: 'write',
  params: record({}),
  query: ofVault,
  body: nothing,
  status: 200,
})

/** What `AccessExplain` answers. */
export type AccessExplanation = {
  principal: { id: string; name: string; kind: string; enabled: boolean }
  action: string
  resource: string
  allowed: boolean
  model: 'roles' | 'policies'
  closed: boolean
  reasons: {
    kind: 'role-assignment' | 'access-policy'
    assignment: string | null
    role: string | null
    scope: string
    group: string | null
    condition: string | null
    verdict: 'allows' | 'has-not-the-action' | 'condition-refuses' | 'inert'
    /** What could be done here no longer, if this one were taken away. */
    loses: string[]
  }[]
  wanted: string | null
}

/** What the two conversions answer. */
export type AccessConversion = {
  model: 'roles' | 'policies'
  steps: {
    principal: string
    name: string | null
    roles: { id: string; name: string; assigned: boolean }[]
    gains: string[]
    left: 'nobody' | 'compound-identity' | null
  }[]
}
