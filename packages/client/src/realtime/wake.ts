/** When a page comes back: from sleep, from the background, from the back/forward cache, from being offline. */

/** Calls one or the other as the browser says it, until `signal` aborts. Does nothing where there is no window. */
export function listenForWake(signal: AbortSignal, onWake: () => void, onOffline: () => void): void {
  for (const type of ['online', 'offline', 'pageshow', 'visibilitychange']) {
    globalThis.window?.addEventListener?.(
      type,
      () => {
        if (type === 'offline') onOffline()
        else if (!globalThis.document?.hidden) onWake()
      },
      { signal },
    )
  }
}
