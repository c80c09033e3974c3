/**
 * The browser of the end-to-end tests: the Chromium that CHROMIUM names, or the machine's own. Nothing is downloaded;
 * `npm test` installs one with apt where it may.
 */
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** Runs without a screen, a sandbox or anything of its own on the network. */
const flags = [
  '--headless=new',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
]

/** Starts Chromium. Throws when there is none. */
export function launchChromium(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM || places.find(existsSync)
  if (executablePath === undefined) {
    throw new Error('No Chromium was found. Install it (apt-get install chromium) or set CHROMIUM to its path.')
  }
  return chromium.launch({ executablePath, args: flags })
}
