import { text } from '../shape.ts'

/** What a resource id looks like that one can ask about (ours); `/` is the whole house. */
export const resourceForm = /^(?=.{1,1024}$)(?:\/|(?:\/(?!\.{1,2}(?:\/|$))[\w.~!$&'()*+,;=:@ -]{1,256})+)$/

export const resourceId = text({ pattern: resourceForm, wanted: 'a resource id such as /subscriptions/…/vaults/demo' })
