import { pageToken } from '../appconfig/key-values.ts'
import { operation } from '../operation.ts'
import { nothing, record } from '../shape.ts'

/** On a store's host (ours): its Key Vault references, and how the secrets stand that they point at. */
export const listReferences = operation({
  id: 'StoreReferenceList',
  method: 'GET',
  path: '/.cardea/references',
  since: 'always',
  action: 'settings/read',
  reach: 'within',
  effect: 'read',
  params: record({}),
  query: record({ after: pageToken }),
  body: nothing,
  status: 200,
})

/** A setting that points at a secret of this installation. */
export type ReferenceView = {
  readonly key: string
  readonly label: string | null
  readonly vault: string
  readonly secret: string
  /** The version that it is pinned to, if it is. */
  readonly version: string | null
  /** As the reader sees it; who may not read the secret isn't told whether it is there. */
  readonly target: 'readable' | 'missing' | 'disabled' | 'unreadable'
  /** What is wrong, in words; null when nothing is. */
  readonly warning: string | null
}
export type ReferenceSet = { items: ReferenceView[]; '@nextLink'?: string }
