import type { ChangeSetView } from '@cardea/contract/cardea/change-sets'
import { changeSetBytesMax, changesMax } from '@cardea/contract/cardea/change-sets'
import { Refusal } from '../command.ts'
import type { Service } from '../service.ts'
import type { Done } from './apply.ts'
import { type Doing, isToDo, type Plan } from './plan.ts'

/** What was done, the change sets that undo it, and what kept the rest from being done. */
export type Applied = {
  readonly done: readonly Done[]
  readonly changeSets: readonly string[]
  readonly trouble: string | null
}

/**
 * Does a plan in one step, so that no reader sees half of it; what is too much for one, in several. Undefined at a store
 * of Azure's own, which has no such operation.
 */
export async function appliedAtOnce(store: Service, plan: Plan, description: string): Promise<Applied | undefined> {
  const done: Done[] = []
  const changeSets: string[] = []
  for (const part of parted(plan.filter(isToDo))) {
    const body = { changes: part.map(({ change }) => change), description }
    try {
      const { id } = (await store.ask<ChangeSetView>('POST', '/.cardea/changesets', body)).body
      changeSets.push(id)
      done.push(...part.map(doneBy))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      if (changeSets.length > 0) return { done, changeSets, trouble: error.message }
      if (error.code === 'not-found') return undefined
      throw error
    }
  }
  return { done, changeSets, trouble: null }
}

/** As much in each as one change set takes. */
function parted(toDo: readonly Doing[]): Doing[][] {
  const parts: Doing[][] = []
  let bytes = 0
  for (const doing of toDo) {
    const size = Buffer.byteLength(JSON.stringify(doing.change))
    const part = parts.at(-1)
    if (part !== undefined && part.length < changesMax && bytes + size <= changeSetBytesMax) part.push(doing)
    else parts.push([doing])
    bytes = parts.at(-1)?.length === 1 ? size : bytes + size
  }
  return parts
}

const doneBy = ({ act: _act, change: _change, ...step }: Doing): Done => ({ ...step, after: null, failed: null })
