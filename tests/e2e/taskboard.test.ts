/**
 * The demo as people use it: the built taskboard as a real process, and a real browser with several windows and users.
 * Nothing sleeps: every step waits for what it is about.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type App, startApp } from './app.ts'
import { launchChromium } from './chromium.ts'

const folder = mkdtempSync(join(tmpdir(), 'igniter-taskboard-'))
const database = join(folder, 'taskboard.sqlite')
const passwords = { Ana: 'copper-lantern', Bob: 'quiet-harbour' }

let app: App
let browser: Browser
/** What the pages said was wrong, except for requests that failed on purpose. */
let complaints: string[] = []

beforeAll(async () => {
  ;[app, browser] = await Promise.all([startApp(database), launchChromium()])
})

afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()))
  expect(complaints).toEqual([])
  complaints = []
})

afterAll(async () => {
  await browser?.close()
  await app?.end('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

/** A window of a browser of its own (its own cookies), once it is live. */
async function openWindow(size = { width: 1280, height: 800 }): Promise<Page> {
  const context = await browser.newContext({ viewport: size, reducedMotion: 'reduce' })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      complaints.push(message.text())
    }
  })
  page.on('request', (sent) => {
    if (!sent.url().startsWith(`${app.url}/`)) complaints.push(`a request to ${sent.url()}`)
  })
  await page.goto(app.url)
  await live(page)
  return page
}

const live = (page: Page) => page.getByText('live', { exact: true }).waitFor()

async function signIn(page: Page, name: keyof typeof passwords): Promise<void> {
  await page.getByLabel('Name', { exact: true }).fill(name)
  await page.getByLabel('Password', { exact: true }).fill(passwords[name])
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('button', { name: 'Sign out' }).waitFor()
  await live(page)
}

const board = (page: Page) => page.getByRole('region', { name: 'Shared board' })
const mine = (page: Page) => page.getByRole('region', { name: 'Private list' })
const heard = (page: Page) => page.getByRole('region', { name: 'Heard by this window' })
const task = (list: Locator, title: string) => list.getByRole('checkbox', { name: title, exact: true })

async function add(list: Locator, title: string): Promise<void> {
  const field = list.getByRole('textbox', { name: /^New task/ })
  await field.fill(title)
  await field.press('Enter')
  await task(list, title).waitFor()
}

/** Puts something into the page that a reload would lose, and gives the check that it is still there. */
async function markPage(page: Page): Promise<() => Promise<void>> {
  await page.evaluate(() => Object.assign(window, { mark: 'still the same page' }))
  return async () => expect(await page.evaluate(() => 'mark' in window)).toBe(true)
}

const request = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  fetch(app.url + path, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })

async function create(title: string): Promise<{ id: number; title: string; done: boolean }> {
  const answer = await request('POST', '/api/v1/tasks', { title })
  expect(answer.status).toBe(201)
  return (await answer.json()).data
}

describe('without signing in', () => {
  test('anyone reads and changes the board by plain HTTP', async () => {
    const made = await create('Over plain HTTP')
    expect(made).toMatchObject({ title: 'Over plain HTTP', done: false })

    const list = await (await request('GET', '/api/v1/tasks')).json()
    expect(list.error).toBeNull()
    expect(list.data[0]).toEqual(made)

    const changed = await (await request('PATCH', `/api/v1/tasks/${made.id}`, { done: true })).json()
    expect(changed.data).toMatchObject({ id: made.id, done: true, title: made.title })
    expect((await request('DELETE', `/api/v1/tasks/${made.id}`)).status).toBe(200)
    expect((await request('DELETE', `/api/v1/tasks/${made.id}`)).status).toBe(404)
  })

  test.each([
    ['an empty title', 'POST', '/api/v1/tasks', { title: '   ' }, 400],
    ['a title that is too long', 'POST', '/api/v1/tasks', { title: 'x'.repeat(201) }, 400],
    ['a title that is no text', 'POST', '/api/v1/tasks', { title: { $ne: 1 } }, 400],
    ['nothing to change', 'PATCH', '/api/v1/tasks/1', {}, 400],
    ['an id that is no number', 'PATCH', '/api/v1/tasks/one', { done: true }, 400],
    ['a task that is not there', 'PATCH', '/api/v1/tasks/999999', { done: true }, 404],
    ['a page that is too large', 'GET', '/api/v1/tasks?limit=100000', undefined, 400],
    ['an address that is not there', 'GET', '/api/v1/nothing', undefined, 404],
  ])('%s is refused in the envelope', async (_, method, path, body, status) => {
    const answer = await request(method, path, body)
    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject({ data: null, error: { code: expect.any(String) } })
  })

  test('private lists and their tasks stay closed', async () => {
    for (const [method, path, body] of [
      ['GET', '/api/v1/mine'],
      ['GET', '/api/v1/mine/summary'],
      ['GET', '/api/v1/~/mine.list'],
      ['POST', '/api/v1/mine', { title: 'Not mine' }],
      ['DELETE', '/api/v1/mine/1'],
    ] as const) {
      const answer = await request(method, path, body, { cookie: 'taskboard_session=forged' })
      expect(answer.status, `${method} ${path}`).toBe(401)
    }
  })

  test('a list is given in pages, newest first', async () => {
    const ids: number[] = []
    for (let number = 1; number <= 5; number++) ids.unshift((await create(`Page ${number}`)).id)
    const page = async (query: string) => {
      const { data } = await (await request('GET', `/api/v1/tasks?${query}`)).json()
      return data.map((task: { id: number }) => task.id)
    }
    expect(await page('limit=2')).toEqual(ids.slice(0, 2))
    expect(await page(`limit=2&before=${ids[1]}`)).toEqual(ids.slice(2, 4))
  })

  test('it answers that it is well', async () => {
    expect((await request('GET', '/api/v1/health/live')).status).toBe(200)
    expect((await request('GET', '/api/v1/health/ready')).status).toBe(200)
  })
})

describe('the shared board', () => {
  test('shows in one window what is done in the other, without a reload', async () => {
    const [here, there] = await Promise.all([openWindow(), openWindow()])
    const samePage = await markPage(there)

    await add(board(here), 'Water the plants')
    await task(board(there), 'Water the plants').waitFor()

    await task(board(there), 'Water the plants').check()
    await expect.poll(() => task(board(here), 'Water the plants').isChecked()).toBe(true)

    await board(here).getByRole('button', { name: 'Rename Water the plants' }).click()
    await here.keyboard.type('Water all the plants')
    await here.keyboard.press('Enter')
    await task(board(there), 'Water all the plants').waitFor()

    await board(there).getByRole('button', { name: 'Delete Water all the plants' }).click()
    await task(board(here), 'Water all the plants').waitFor({ state: 'detached' })

    await there.getByRole('button', { name: 'Undo' }).click()
    await task(board(here), 'Water all the plants').waitFor()
    await samePage()
  })

  test('hears of changes by plain fetch', async () => {
    const page = await openWindow()
    const { id } = await create('Made by a script')
    await task(board(page), 'Made by a script').waitFor()

    await request('PATCH', `/api/v1/tasks/${id}`, { title: 'Changed by a script', done: true })
    await task(board(page), 'Changed by a script').waitFor()
    expect(await task(board(page), 'Changed by a script').isChecked()).toBe(true)

    await request('DELETE', `/api/v1/tasks/${id}`)
    await task(board(page), 'Changed by a script').waitFor({ state: 'detached' })
  })

  test('lights up and says what came from elsewhere, and not what was done here', async () => {
    const page = await openWindow()
    await add(board(page), 'My own')
    await create('From elsewhere')
    const row = board(page).getByRole('listitem').filter({ hasText: 'From elsewhere' })
    await row.and(page.locator('[data-arrived]')).waitFor()
    await board(page).getByText('Changed from elsewhere: From elsewhere').waitFor()
    const own = board(page).getByRole('listitem').filter({ hasText: 'My own' })
    expect(await own.getAttribute('data-arrived')).toBeNull()
  })

  test('takes back what the server did not take, and says why', async () => {
    const page = await openWindow()
    await create('Stays as it is')
    await task(board(page), 'Stays as it is').waitFor()
    await page.route('**/api/v1/~/tasks.*', (route) =>
      route.request().method() === 'POST' ? route.abort() : route.continue(),
    )

    const field = board(page).getByRole('textbox', { name: /^New task/ })
    await field.fill('Never gets there')
    await field.press('Enter')
    await board(page).getByText('“Never gets there” was not added. The server can’t be reached.').waitFor()
    await task(board(page), 'Never gets there').waitFor({ state: 'detached' })
    expect(await field.inputValue()).toBe('Never gets there')

    await task(board(page), 'Stays as it is').click()
    await page.getByText('could not be ticked off. The server can’t be reached.').waitFor()
    expect(await task(board(page), 'Stays as it is').isChecked()).toBe(false)

    await board(page).getByRole('button', { name: 'Delete Stays as it is' }).click()
    await page.getByText('could not be deleted. The server can’t be reached.').waitFor()
    await task(board(page), 'Stays as it is').waitFor()
  })
})

describe('private lists', () => {
  test('refresh in all windows of their owner, and nobody else’s hear anything', async () => {
    const [ana, anaToo, bob, nobody] = await Promise.all([openWindow(), openWindow(), openWindow(), openWindow()])
    await Promise.all([signIn(ana, 'Ana'), signIn(anaToo, 'Ana'), signIn(bob, 'Bob')])
    await add(mine(bob), 'A thing of Bob’s')

    const refetches = [bob, nobody].map((page) => {
      const seen: string[] = []
      page.on('request', (sent) => seen.push(new URL(sent.url()).pathname))
      return seen
    })
    const entries = async (page: Page) => (await heard(page).getByRole('listitem').allInnerTexts()).join('\n')
    const before = await Promise.all([bob, nobody].map(entries))

    await add(mine(ana), 'A secret of Ana’s')
    await task(mine(anaToo), 'A secret of Ana’s').waitFor()
    await task(mine(anaToo), 'A secret of Ana’s').check()
    await expect.poll(() => task(mine(ana), 'A secret of Ana’s').isChecked()).toBe(true)

    // Events come in order: had Bob's window been told of Ana's, it would know by the time it knows of this one.
    await create('For everybody')
    await Promise.all([bob, nobody].map((page) => task(board(page), 'For everybody').waitFor()))
    for (const seen of refetches) expect(seen.filter((path) => /mine|session/.test(path))).toEqual([])
    for (const [index, page] of [bob, nobody].entries()) {
      const news = (await entries(page)).replace(before[index] ?? '', '')
      expect(news).toContain('tasks')
      expect(news).not.toContain('mine')
      expect(await page.getByText('A secret of Ana’s').count()).toBe(0)
    }
  })

  test('are out of reach for the wrong password', async () => {
    const page = await openWindow()
    await page.getByLabel('Name', { exact: true }).fill('Ana')
    await page.getByLabel('Password', { exact: true }).fill('wrong')
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByText('This name and password don’t belong together.').waitFor()
    expect(await page.getByRole('button', { name: 'Sign out' }).count()).toBe(0)
  })

  test('are gone after signing out, in every window of the session', async () => {
    const page = await openWindow()
    await page.getByRole('button', { name: 'Sign in as Ana' }).click()
    await add(mine(page), 'Seen until I go')
    const second = await page.context().newPage()
    await second.goto(app.url)
    await task(mine(second), 'Seen until I go').waitFor()
    await live(second)

    await page.getByRole('button', { name: 'Sign out' }).click()
    await Promise.all([page, second].map((window) => window.getByLabel('Password', { exact: true }).waitFor()))
    expect(await second.getByText('Seen until I go').count()).toBe(0)

    const answer = await second.request.get(`${app.url}/api/v1/mine`)
    expect(answer.status()).toBe(401)
  })
})

describe('when the server dies', () => {
  test('windows say so, and catch up by themselves with what they missed', async () => {
    const [here, ana] = await Promise.all([openWindow(), openWindow()])
    await signIn(ana, 'Ana')
    await add(board(here), 'Before the crash')
    await task(board(ana), 'Before the crash').waitFor()
    const samePages = await Promise.all([here, ana].map(markPage))

    await app.end('SIGKILL')
    await Promise.all([here, ana].map((page) => page.getByText('offline', { exact: true }).waitFor()))
    await here.getByText(/out of reach since/).waitFor()
    expect(await task(board(here), 'Before the crash').isVisible()).toBe(true)

    // While they are away, somebody changes the data elsewhere.
    const file = new DatabaseSync(database)
    file
      .prepare('INSERT INTO tasks (owner_id, title, created_at, updated_at) VALUES (NULL, ?, ?, ?)')
      .run('While you were away', Date.now(), Date.now())
    file.close()

    app = await startApp(database, app.port)
    await Promise.all([here, ana].map((page) => task(board(page), 'While you were away').waitFor()))
    await Promise.all([here, ana].map(live))

    // And they are as live as before, signed in as before.
    await add(board(here), 'After the crash')
    await task(board(ana), 'After the crash').waitFor()
    await add(mine(ana), 'Private after the crash')
    for (const samePage of samePages) await samePage()
  })

  test('a page that could not load its lists does so when the server is back', async () => {
    await create('Worth waiting for')
    const page = await openWindow()
    await page.route('**/api/v1/~/tasks.*', (route) => route.abort())
    await page.reload()
    await board(page).getByText('could not be loaded').waitFor()
    await page.unroute('**/api/v1/~/tasks.*')
    await app.end('SIGKILL')
    await page.getByText('offline', { exact: true }).waitFor()
    app = await startApp(database, app.port)
    await task(board(page), 'Worth waiting for').waitFor()
  })

  test('asked to end, it lets its windows go and ends at once', async () => {
    const page = await openWindow()
    await add(board(page), 'Before the end')
    expect(await app.end('SIGTERM')).toBe(0)
    await page.getByText('offline', { exact: true }).waitFor()
    app = await startApp(database, app.port)
    await live(page)
  })
})

describe('for hands and ears', () => {
  test('a day’s work by keyboard alone', async () => {
    const page = await openWindow()
    await page.keyboard.press('n')
    await page.keyboard.type('First by keyboard')
    await page.keyboard.press('Enter')
    await task(board(page), 'First by keyboard').waitFor()
    await page.keyboard.type('Second by keyboard')
    await page.keyboard.press('Enter')
    await task(board(page), 'Second by keyboard').waitFor()
    await expect.poll(() => board(page).locator('[data-saving]').count()).toBe(0)

    // Esc leaves the field; Tab goes by the button to the newest task.
    await page.keyboard.press('Tab')
    await page.keyboard.press('Tab')
    await page.keyboard.press('ArrowDown')
    const focused = () => page.evaluate(() => (document.activeElement as HTMLInputElement)?.labels?.[0]?.textContent)
    expect(await focused()).toBe('First by keyboard')
    await page.keyboard.press('Space')
    await expect.poll(() => task(board(page), 'First by keyboard').isChecked()).toBe(true)

    await page.keyboard.press('Enter')
    await page.keyboard.type('Renamed by keyboard')
    await page.keyboard.press('Escape')
    expect(await focused()).toBe('First by keyboard')
    await page.keyboard.press('Enter')
    await page.keyboard.type('Renamed by keyboard')
    await page.keyboard.press('Enter')
    await task(board(page), 'Renamed by keyboard').waitFor()
    expect(await focused()).toBe('Renamed by keyboard')

    await page.keyboard.press('Home')
    await page.keyboard.press('Delete')
    await task(board(page), 'Second by keyboard').waitFor({ state: 'detached' })
    expect(await focused()).toBe('Renamed by keyboard')
  })

  test.each([
    ['light', 1280],
    ['dark', 1280],
    ['light', 360],
    ['dark', 360],
  ] as const)('%s, %i px wide: named, seen and readable', async (theme, width) => {
    const page = await openWindow({ width, height: 800 })
    await page.getByRole('radio', { name: `${theme === 'light' ? 'Light' : 'Dark'} theme` }).check({ force: true })
    const title = `No place to break, ${theme} ${width}: ${'w'.repeat(160)}`
    await create(title)
    await task(board(page), title).waitFor()
    if (width === 360) expect(await page.getByRole('tab').count()).toBe(3)

    expect(await page.evaluate(() => document.documentElement.lang)).toBe('en')
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth)).toBe(true)
    expect(await unnamed(page)).toEqual([])
    expect(await faint(page)).toEqual([])
    expect(await unseenFocus(page)).toEqual([])
  })

  test('tabs lead through a narrow page', async () => {
    const page = await openWindow({ width: 360, height: 800 })
    await board(page).waitFor()
    expect(await mine(page).isVisible()).toBe(false)
    await page.getByRole('tab', { name: /Board/ }).focus()
    await page.keyboard.press('ArrowRight')
    await page.getByLabel('Password', { exact: true }).waitFor()
    expect(await board(page).isVisible()).toBe(false)
  })

  test('the theme that was chosen is there before the first paint', async () => {
    const page = await openWindow()
    await page.getByRole('radio', { name: 'Dark theme' }).check({ force: true })
    await page.reload({ waitUntil: 'commit' })
    await page.waitForFunction(() => document.body !== null)
    expect(await page.evaluate(() => document.documentElement.dataset.theme)).toBe('dark')
  })
})

describe('the page’s files', () => {
  test('come with types, caching and a strict policy', async () => {
    const page = await request('GET', '/')
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(page.headers.get('cache-control')).toBe('no-cache')
    expect(page.headers.get('x-content-type-options')).toBe('nosniff')
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'")
    const [script] = /\/assets\/[\w.-]+\.js/.exec(await page.text()) ?? []

    const asset = await request('GET', script ?? '')
    expect(asset.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(asset.headers.get('cache-control')).toContain('immutable')
    const etag = asset.headers.get('etag') ?? ''
    const head = await request('HEAD', script ?? '')
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([
      200,
      String((await asset.arrayBuffer()).byteLength),
      '',
    ])
    expect((await request('GET', script ?? '', undefined, { 'if-none-match': etag })).status).toBe(304)
  })

  test.each([
    ['GET', '/nothing', 404],
    ['GET', '/../package.json', 404],
    ['GET', '/..%2fpackage.json', 404],
    ['GET', '/index.html', 404],
    ['GET', '/__proto__', 404],
    ['POST', '/', 405],
    ['DELETE', '/theme.js', 405],
  ])('%s %s: %i', async (method, path, status) => {
    const answer = await request(method, path)
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
  })
})

/** Controls that screen readers could not name. */
function unnamed(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const name = (element: Element) =>
      element.getAttribute('aria-label') ??
      [...((element as HTMLInputElement).labels ?? [])].map((label) => label.textContent).join('') ??
      ''
    return [...document.querySelectorAll('button, input, a, [role=tab]')]
      .filter((element) => (name(element) || element.textContent || '').trim() === '')
      .map((element) => element.outerHTML)
  })
}

/** Texts whose contrast with what is behind them is under 4.5 (WCAG 2.2, 1.4.3). */
function faint(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!
    /** Any CSS color over another, as sRGB. */
    const paint = (...colors: string[]) => {
      for (const color of colors) {
        canvas.fillStyle = color
        canvas.fillRect(0, 0, 1, 1)
      }
      return [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)]
    }
    const luminance = (rgb: number[]) => {
      const [r = 0, g = 0, b = 0] = rgb.map((part) => {
        const value = part / 255
        return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
      })
      return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    const behind = (element: Element | null): string[] =>
      element ? [...behind(element.parentElement), getComputedStyle(element).backgroundColor] : ['white']

    const found: string[] = []
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement!
      if (!walker.currentNode.textContent?.trim() || !element.checkVisibility({ opacityProperty: true })) continue
      const back = behind(element)
      const levels = [luminance(paint(...back)), luminance(paint(...back, getComputedStyle(element).color))]
      const ratio = (Math.max(...levels) + 0.05) / (Math.min(...levels) + 0.05)
      if (ratio < 4.5) found.push(`${ratio.toFixed(2)}: ${walker.currentNode.textContent.slice(0, 40)}`)
    }
    return found
  })
}

/** Walks through the page with Tab and gives the controls that do not show that they are focused. */
async function unseenFocus(page: Page): Promise<string[]> {
  const unseen: string[] = []
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
  for (let steps = 0; steps < 40; steps++) {
    await page.keyboard.press('Tab')
    const problem = await page.evaluate(() => {
      const element = document.activeElement
      if (element === null || element === document.body) return 'the end'
      // A radio button that is drawn by its label shows the focus on it.
      const drawn = [element, element.closest('label')].filter((one) => one !== null)
      const isSeen = drawn.some((one) => {
        const style = getComputedStyle(one)
        return style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) >= 2
      })
      return isSeen ? null : element.outerHTML
    })
    if (problem === 'the end') return unseen
    if (problem !== null) unseen.push(problem)
  }
  return unseen
}
