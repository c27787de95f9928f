/** Whether a resource is this scope or lies below it, as permissions compare them: without case, part by part. */
export function isWithin(scope: string, resource: string): boolean {
  if (scope === '/') return true
  const [above, place] = [scope.toLowerCase(), resource.toLowerCase()]
  return place.startsWith(above) && (place.length === above.length || place[above.length] === '/')
}
