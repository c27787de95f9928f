import { createHash } from 'node:crypto'
import type { Answer } from '../../plane.ts'

/**
 * Pages for people: plain HTML that needs no script and runs none. Text goes in through `html`, which escapes it, so
 * nothing that a stranger sent can become part of the page; and should it, the policy lets no script run, nothing be
 * loaded, and the page not stand in another's frame.
 */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escaped = (text: string): string => text.replace(/[&<>"']/g, (letter) => escapes[letter] as string)

/** HTML from a template: what is put in is escaped, unless it is HTML already. */
export const html = (parts: TemplateStringsArray, ...given: readonly (string | Html | readonly Html[])[]): Html =>
  new Html(
    parts.reduce((text, part, index) => {
      const value = given[index - 1] as string | Html | readonly Html[]
      if (typeof value === 'string') return text + escaped(value) + part
      return text + (value instanceof Html ? value.text : value.map((one) => one.text).join('')) + part
    }),
  )

/** Styles are named by their hash, so that no others apply. */
const style =
  'body{font:1rem/1.5 system-ui,sans-serif;max-width:26rem;margin:10vh auto;padding:0 1rem;color:#1a1a1a;background:#fff}' +
  'label{display:block;margin-top:1rem;font-weight:600}' +
  'input{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;border:1px solid #595959;border-radius:.25rem}' +
  'button{font:inherit;margin:1.5rem .5rem 0 0;padding:.5rem 1.5rem;border:1px solid #0b5394;border-radius:.25rem;' +
  'background:#0b5394;color:#fff}button[value=no]{background:#fff;color:#0b5394}' +
  ':focus-visible{outline:3px solid #d98300;outline-offset:2px}[role=alert]{border-left:4px solid #a40000;padding-left:.75rem}' +
  '@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}input{color:inherit;background:#262626}}'
const styleHash = `sha256-${createHash('sha256').update(style).digest('base64')}`

type Page = {
  readonly status?: number
  readonly title: string
  readonly body: Html
  /** Where a form of the page may lead besides here: browsers hold a redirect after a form to it too. */
  readonly leadsTo?: string | undefined
  readonly retrySeconds?: number | undefined
}

/** A page as an answer. */
export function pageAnswer({ status = 200, title, body, leadsTo, retrySeconds }: Page): Answer {
  const policy = [
    "default-src 'none'",
    `style-src '${styleHash}'`,
    `form-action 'self'${leadsTo === undefined ? '' : ` ${leadsTo}`}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ')
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title} – Cardea</title>${new Html(`<style>${style}</style>`)}</head>
<body><main><h1>${title}</h1>
${body}
</main></body></html>
`
  return {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      // Without it, browsers would say of our own forms, too, that they come from nowhere.
      'referrer-policy': 'same-origin',
      ...(retrySeconds !== undefined && { 'retry-after': String(retrySeconds) }),
    },
    body: page.text,
  }
}

/** A field that goes with the form and isn't seen. */
export const hidden = (name: string, value: string): Html => html`<input type="hidden" name="${name}" value="${value}">`

/** What went wrong, where a screen reader says it at once. */
export const alert = (words: string | undefined): Html =>
  words === undefined ? html`` : html`<p role="alert">${words}</p>`
