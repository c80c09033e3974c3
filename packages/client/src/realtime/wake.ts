/** When a page comes back: from sleep, from the background, from the back/forward cache, from being offline. */

/** Calls `fn` when it is back, or offline, until `signal` aborts. Does nothing where there is no window. */
export function listenForWake(signal: AbortSignal, fn: (isOffline: boolean) => void): void {
  for (const type of ['online', 'offline', 'pageshow', 'visibilitychange']) {
    globalThis.window?.addEventListener?.(
      type,
      () => {
        if (!globalThis.document?.hidden) fn(type === 'offline')
      },
      { signal },
    )
  }
}
