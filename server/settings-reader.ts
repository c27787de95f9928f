import { readFileSync } from 'node:fs'

export type Env = Readonly<Record<string, string | undefined>>

/** Reads settings of one form or another. What is wrong is gathered, so that all of it can be told together. */
export class SettingsReader {
  readonly env: Env
  readonly wrong: string[] = []

  constructor(env: Env) {
    this.env = env
  }

  port(name: string, usual: number): number {
    const text = this.env[name] ?? String(usual)
    if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
      this.wrong.push(`${name} must be a port from 0 to 65535, not "${text}"`)
    return Number(text)
  }

  /** A port, or `off`: none. */
  portOrOff(name: string, usual: number | 'off'): number | undefined {
    if ((this.env[name] ?? usual) === 'off') return undefined
    return this.port(name, usual === 'off' ? 0 : usual)
  }

  choice<T extends string>(name: string, words: readonly T[], usual: T): T {
    const text = this.env[name] ?? usual
    const chosen = words.find((word) => word === text)
    if (chosen === undefined) this.wrong.push(`${name} must be one of ${words.join(', ')}, not "${text}"`)
    return chosen ?? usual
  }

  isYes(name: string, usual: 'yes' | 'no'): boolean {
    return this.choice(name, ['yes', 'no'], usual) === 'yes'
  }

  /** The most of something, or `off`: as much as there is. */
  most(name: string, usual: number): number | undefined {
    const text = this.env[name] ?? String(usual)
    if (text === 'off') return undefined
    if (!/^[1-9]\d{0,5}$/.test(text)) this.wrong.push(`${name} must be off or a number from 1 to 999999, not "${text}"`)
    return Number(text)
  }

  /** What may stand in a file instead, under the name with `_FILE`. An empty one would be a key that everybody knows. */
  secret(name: string): string | undefined {
    const file = this.env[`${name}_FILE`]
    const given = this.env[name]
    if (file === undefined) {
      if (given === '') this.wrong.push(`${name} is empty; give it a value, or leave it out`)
      return given
    }
    if (given !== undefined) this.wrong.push(`${name} and ${name}_FILE are both given; give one`)
    try {
      const text = readFileSync(file, 'utf8').trim()
      if (text === '') this.wrong.push(`${name}_FILE holds nothing: ${file}`)
      return text
    } catch {
      this.wrong.push(`${name}_FILE can't be read: ${file}`)
      return undefined
    }
  }

  /** An address out of the house: encrypted, unless it is this machine's own. */
  outside(name: string, instead = ''): URL | undefined {
    const text = this.env[name]
    if (text === undefined) return undefined
    const url = URL.parse(text)
    if (url === null || !['https:', 'http:'].includes(url.protocol)) this.wrong.push(`${name} must be an https:// URL`)
    else if (url.protocol === 'http:' && !['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname))
      this.wrong.push(`${name} may be http:// on loopback only`)
    else if (url.username !== '' || url.password !== '')
      this.wrong.push(`${name} must not hold a user or a password${instead}`)
    else return url
    return undefined
  }
}
