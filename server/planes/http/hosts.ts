/** Which plane answers for a host, and by what names the planes are reached from outside. */
export type Plane = 'vault' | 'appconfig' | 'identity' | 'management' | 'directory' | 'elsewhere'
export type Place = { readonly plane: Plane /** The vault's or the store's name. */; readonly name: string }

/** The names under which everything is reached. What we write in answers comes from here, never from what a request called us. */
export class Hosts {
  readonly domain: string
  /** What follows a host in the URLs that we write: empty on port 443. */
  readonly #port: string
  readonly #places = new Map<string, Place>()

  constructor(domain: string, publicPort: number) {
    this.domain = domain.toLowerCase()
    this.#port = publicPort === 443 ? '' : `:${publicPort}`
  }

  readonly vaultUrl = (name: string): string => `https://${name}.vault.${this.domain}${this.#port}`
  readonly storeUrl = (name: string): string => `https://${name}.config.${this.domain}${this.#port}`
  get loginUrl(): string {
    return `https://login.${this.domain}${this.#port}`
  }
  get managementUrl(): string {
    return `https://management.${this.domain}${this.#port}`
  }
  get graphUrl(): string {
    return `https://graph.${this.domain}${this.#port}`
  }

  /** Whether a host name is one of ours; for the proxy. */
  owns(host: string): boolean {
    const name = bare(host)
    return name === this.domain || name.endsWith(`.${this.domain}`)
  }

  /** The plane and resource of a `Host` header; remembered, since the same few come always. */
  placeOf(header: string | undefined): Place {
    if (header === undefined) return nowhere
    const known = this.#places.get(header)
    if (known !== undefined) return known
    const place = this.#find(bare(header))
    if (place.plane !== 'elsewhere' && this.#places.size < 10_000) this.#places.set(header, place)
    return place
  }

  #find(host: string): Place {
    const label = /^([a-z0-9][a-z0-9-]{0,62})\.(vault|config)\.(.+)$/.exec(host)
    if (label !== null && label[3] === this.domain) {
      return { plane: label[2] === 'vault' ? 'vault' : 'appconfig', name: label[1] as string }
    }
    const plane = host.endsWith(`.${this.domain}`) ? alone.get(host.slice(0, -this.domain.length - 1)) : undefined
    return plane === undefined ? nowhere : { plane, name: '' }
  }
}

/** The planes with one host each. */
const alone = new Map<string, Plane>([
  ['login', 'identity'],
  ['management', 'management'],
  ['graph', 'directory'],
])
const nowhere: Place = { plane: 'elsewhere', name: '' }

/** A host as it is compared: in lower case, without port and final dot. */
const bare = (host: string): string =>
  host
    .toLowerCase()
    .replace(/:\d{0,5}$/, '')
    .replace(/\.$/, '')
