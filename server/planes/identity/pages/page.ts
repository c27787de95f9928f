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
const style = `
:root{color-scheme:light dark;--text:#1a1a1a;--dim:#5c5c5c;--page:#f3f4f6;--card:#fff;--edge:#d9dce1;--line:#767676;
--accent:#0b5394;--on-accent:#fff;--focus:#d98300;--bad:#a40000}
@media(prefers-color-scheme:dark){:root{--text:#eee;--dim:#a8a8a8;--page:#111213;--card:#1c1e20;--edge:#33363a;--line:#8b8b8b;
--accent:#9cc7f5;--on-accent:#0c1a28;--focus:#ffb347;--bad:#ff8a80}}
body{font:1rem/1.5 system-ui,sans-serif;margin:0;color:var(--text);background:var(--page)}
main{box-sizing:border-box;max-width:28rem;margin:12vh auto 2rem;padding:1.5rem 2rem 2rem;
background:var(--card);border:1px solid var(--edge);border-radius:.75rem}
header{font-size:.875rem;font-weight:600;letter-spacing:.05em;color:var(--dim)}
h1{font-size:1.5rem;line-height:1.25;margin:.25rem 0 1rem;text-wrap:balance}
p{margin:.75rem 0;overflow-wrap:anywhere}
small{color:var(--dim)}
label{display:block;margin-top:1rem;font-weight:600}
input{font:inherit;width:100%;box-sizing:border-box;margin-top:.25rem;padding:.5rem .75rem;color:inherit;
background:var(--card);border:1px solid var(--line);border-radius:.375rem}
#user_code{font-family:ui-monospace,monospace;letter-spacing:.15em;text-transform:uppercase}
button{font:inherit;font-weight:600;margin:1.5rem .5rem 0 0;padding:.5rem 1.5rem;color:var(--on-accent);
background:var(--accent);border:1px solid var(--accent);border-radius:.375rem;cursor:pointer}
button[value=no]{color:var(--accent);background:none}
:focus-visible{outline:3px solid var(--focus);outline-offset:2px}
[role=alert]{border-left:4px solid var(--bad);padding-left:.75rem}
@media(max-width:32rem){body{background:var(--card)}main{margin:0;max-width:none;padding:1.5rem 1.25rem;border:0}}
`
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
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${title} – Cardea</title>${new Html(`<style>${style}</style>`)}</head>
<body><main><header>Cardea</header>
<h1>${title}</h1>
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
