/** The part of a queue producer binding the driver uses. Cloudflare's `Queue` fits it. */

export interface QueueBinding {
  send(body: unknown, options?: { contentType?: 'json'; delaySeconds?: number }): Promise<unknown>
  sendBatch(
    messages: Iterable<{ body: unknown; contentType?: 'json' }>,
    options?: { delaySeconds?: number },
  ): Promise<unknown>
}

/** Whether what is bound can be a queue. */
export function isQueueBinding(binding: unknown): binding is QueueBinding {
  if (typeof binding !== 'object' || binding === null) return false
  return ['send', 'sendBatch'].every(
    (method) => typeof (binding as Record<string, unknown>)[method] === 'function',
  )
}
