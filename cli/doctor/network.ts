import { namesWantedIn } from '../names.ts'
import { beforeIn, directly, hides } from '../shell-environment.ts'
import type { Way } from '../way.ts'
import type { World } from '../world.ts'
import type { Line } from './line.ts'

/** Whether the vault's name leads anywhere, by a name server or a proxy. */
export async function nameLine(vault: string, { env, folder }: Way, world: World): Promise<Line> {
  const name = new URL(vault).hostname
  const proxy = env.HTTPS_PROXY ?? env.https_proxy
  if (proxy !== undefined)
    return {
      state: 'ok',
      about: 'names',
      says: `${name} is reached through the proxy ${URL.parse(proxy)?.host ?? 'of HTTPS_PROXY'}`,
    }
  const address = await world.addressOf(name)
  if (address !== undefined) return { state: 'ok', about: 'names', says: `${name} is ${address}` }
  return {
    state: 'warn',
    about: 'names',
    says: `${name} is known to no name server, and no proxy is set`,
    next: namesWantedIn(folder) ?? 'Programs need one of both: eval "$(cardea env)", or an entry in DNS.',
  }
}

const retake = 'Take the variables anew, which sees to it: eval "$(cardea env)"'

/** What some programs of this shell would read otherwise than others; curl and Python take the small letters first. */
export function proxyLines({ env }: Way): Line[] {
  const { HTTPS_PROXY: proxy, https_proxy: namesake, CARDEA_DOMAIN: domain = '' } = env
  const hiding = directly(env).filter((entry) => domain !== '' && hides(entry, domain))
  const { HTTPS_PROXY, https_proxy } = beforeIn(env) ?? {}
  const before = HTTPS_PROXY ?? https_proxy
  const lines: (Line | false)[] = [
    proxy !== undefined &&
      namesake !== undefined &&
      namesake !== proxy && {
        state: 'warn',
        about: 'proxy',
        says: 'https_proxy and HTTPS_PROXY lead to different places, and programs don’t agree which one counts',
        next: retake,
      },
    proxy !== undefined &&
      hiding.length > 0 && {
        state: 'warn',
        about: 'proxy',
        says: `NO_PROXY has ${hiding.join(', ')}, so programs look past the proxy for names under ${domain}`,
        next: retake,
      },
    before !== undefined && {
      state: 'warn',
      about: 'proxy',
      says: `this shell went out through ${URL.parse(before)?.host ?? 'another proxy'}; now what isn’t Cardea’s is reached directly`,
      next: 'Where that is not allowed, use other services from another shell, or after: eval "$(cardea env --unset)"',
    },
  ]
  return lines.filter((line) => line !== false)
}
