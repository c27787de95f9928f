/** One value on its way from one place to another: a secret or a setting, whatever it comes from. */
export type Entry = {
  /** Its name where it comes from. */
  readonly name: string
  readonly value: string
  readonly label?: string | undefined
  readonly contentType?: string | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** Seconds since 1970. */
  readonly notBefore?: number | undefined
  readonly expires?: number | undefined
}

/** What is there and can't be taken along, and why. */
export type Withheld = { readonly name: string; readonly label?: string | undefined; readonly reason: string }

export type Source = {
  /** Where it is, for people. */
  readonly says: string
  entries(): Promise<Content>
}
export type Content = { readonly entries: readonly Entry[]; readonly withheld: readonly Withheld[] }

/** The content type that says a value is JSON, whatever follows in it. */
export const isJson = (contentType: string | undefined): boolean =>
  /^application\/([\w.-]+\+)?json\s*(;|$)/i.test(contentType ?? '')
