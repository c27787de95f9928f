import { Fault } from '#base/fault.ts'

/** A resource stays where it was made. */
export function refuseMoved(
  { resourceId, location }: { readonly resourceId: string; readonly location: string },
  wanted: string | undefined,
): void {
  if (wanted === undefined || wanted === location) return
  const name = resourceId.slice(resourceId.lastIndexOf('/') + 1)
  throw new Fault(
    'conflict',
    `The resource '${name}' already exists in location '${location}'. A resource with the same name cannot be created in location '${wanted}'. Please select a new resource name.`,
    { arm: 'InvalidResourceLocation' },
  )
}
