/** How an application lets people sign in. */
export type SignInClient = {
  /** A program on somebody's own machine: it has no secret, since it couldn't keep one (RFC 8252 8.5). */
  readonly open: boolean
  /** Where its answers may go. */
  readonly redirects: readonly string[]
}

const lengthMax = 2048
const loopback = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Whether answers may be sent to such an address: https, or http on the person's own machine. */
export function fitsRedirect(uri: string): boolean {
  const url = uri.length > lengthMax ? null : URL.parse(uri)
  if (url === null || url.hash !== '' || uri.includes('#') || url.username !== '' || url.password !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && loopback.has(url.hostname))
}

/**
 * Whether an address is one of those that were registered: the same, letter by letter (RFC 9700 2.1), except that a
 * program on the person's own machine listens on whichever port is free (RFC 8252 7.3).
 */
export function isRegistered({ redirects }: SignInClient, uri: string): boolean {
  if (!fitsRedirect(uri)) return false
  return redirects.includes(uri) || redirects.some((one) => portless(one) === portless(uri) && portless(uri) !== '')
}

/** An address on loopback without its port; nothing for any other. */
function portless(uri: string): string {
  const match = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?(\/[^#]*)?$/.exec(uri)
  return match === null ? '' : `${match[1]}${match[2] ?? '/'}`
}
