import type { ChangedGroup } from '@cardea/contract/directory/groups'
import { Fault } from '#base/fault.ts'

/** What is told of a group, without what all of ours have in common: they are security groups, and get no mail. */
export function toldOf({ displayName: name, mailEnabled, securityEnabled, groupTypes, ...details }: ChangedGroup) {
  if (mailEnabled === true || securityEnabled === false || (groupTypes !== undefined && groupTypes.length > 0)) {
    throw new Fault(
      'invalid',
      'Only security groups without mail are kept here: mailEnabled false, securityEnabled true.',
      {
        where: mailEnabled === true ? 'mailEnabled' : 'groupTypes',
      },
    )
  }
  return { name, details }
}
