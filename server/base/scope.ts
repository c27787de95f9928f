/**
 * Whether a resource is a scope or lies below it: the one rule by which rights, locks and readers of the journal reach.
 * Ids are compared part by part and without case, however either is spelled; all there is lies in `/`.
 */
export function isWithin(scope: string, resource: string): boolean {
  const [above, place] = [scope.toLowerCase(), resource.toLowerCase()]
  return above === '/' || place === above || place.startsWith(`${above}/`)
}
