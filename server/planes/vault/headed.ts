/** A result that is told as any other, with headers that only it has. */
export class Headed<T> {
  readonly body: T
  readonly headers: Readonly<Record<string, string>>
  constructor(body: T, headers: Readonly<Record<string, string>>) {
    this.body = body
    this.headers = headers
  }
}
