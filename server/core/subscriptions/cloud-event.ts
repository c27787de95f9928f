/** An event as it is kept until it is delivered (CloudEvents 1.0). No value of a secret or a setting is ever in one. */
export type CloudEvent = {
  readonly specversion: '1.0'
  readonly id: string
  readonly source: string
  readonly type: string
  readonly subject: string
  readonly time: string
  readonly datacontenttype: 'application/json'
  readonly data: Readonly<Record<string, unknown>>
}

/** The same event in Event Grid's own schema. */
export const gridEvent = ({ id, source, subject, type, time, data }: CloudEvent): Record<string, unknown> => ({
  id,
  topic: source,
  subject,
  eventType: type,
  data,
  dataVersion: '1',
  metadataVersion: '1',
  eventTime: time,
})
