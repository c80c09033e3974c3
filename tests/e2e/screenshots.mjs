/**
 * Pictures of the taskboard for people to look at, beside the look they are meant to have: every state, light and dark,
 * at three widths. Build first, then: npx node tests/e2e/screenshots.mjs <folder>
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { startApp } from './app.ts'
import { launchChromium } from './chromium.ts'

const [, , target] = process.argv
if (target === undefined) {
  console.error('Say where the pictures go: npx node tests/e2e/screenshots.mjs <folder>')
  process.exit(1)
}
const pictures = resolve(target)
mkdirSync(pictures, { recursive: true })
const data = mkdtempSync(join(tmpdir(), 'igniter-screenshots-'))

const sizes = { 1280: 800, 420: 800, 360: 720 }
const titles = [
  'Call the landlord about the radiator',
  'Book the train to Lisbon before the fares go up',
  'Return the books: “The Idea of the Garden”, “On Growth and Form”',
  'Water the plants',
  'A title that somebody was carried away by while writing it, so that it needs more room than a row of a list can give, and is cut off where two lines end, to be read in full where it is renamed',
  'Buy coffee',
  'Write to Marta',
]

const browser = await launchChromium()
let app = await startApp(join(data, 'empty.sqlite'))

/** Takes a picture of one state at every width, in both themes. `arrange` brings the page there. */
async function shoot(state, arrange) {
  for (const [width, height] of Object.entries(sizes)) {
    const viewport = { width: Number(width), height }
    const isPhone = viewport.width < 760
    const context = await browser.newContext({
      viewport,
      hasTouch: isPhone,
      isMobile: isPhone,
      deviceScaleFactor: isPhone ? 2 : 1,
    })
    const page = await context.newPage()
    page.setDefaultTimeout(20_000)
    await arrange(page, isPhone)
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
      await page.screenshot({
        path: join(pictures, `${state}-${width}-${colorScheme}.png`),
        animations: state === 'arrived' ? 'allow' : 'disabled',
      })
    }
    await context.close()
  }
}

const open = async (page) => {
  await page.goto(app.url)
  await page.getByText('live', { exact: true }).waitFor()
  await page
    .getByText('nothing yet')
    .or(page.getByText(/open of/))
    .first()
    .waitFor()
}
const signIn = async (page, isPhone) => {
  if (isPhone) await page.getByRole('tab', { name: /Private/ }).click()
  await page.getByRole('button', { name: 'Sign in as Ana' }).click()
  await page.getByRole('button', { name: 'Sign out' }).waitFor()
}
const post = (path, body, method = 'POST') =>
  fetch(`${app.url}/api/v1${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

try {
  await shoot('empty', open)
  await shoot('empty-signed-in', async (page, isPhone) => {
    await open(page)
    await signIn(page, isPhone)
    await page.getByText('Only Ana sees this list').waitFor()
  })

  for (const title of titles.toReversed()) await post('/tasks', { title })
  for (const id of [2, 4]) await post(`/tasks/${id}`, { done: true }, 'PATCH')

  await shoot('list', async (page) => {
    await open(page)
    await page.getByText('Buy coffee').waitFor()
  })
  await shoot('sign-in', async (page, isPhone) => {
    await open(page)
    if (isPhone) await page.getByRole('tab', { name: /Private/ }).click()
    await page.getByLabel('Name', { exact: true }).fill('Ana')
    await page.getByLabel('Password', { exact: true }).fill('no idea')
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByText(/don’t belong together/).waitFor()
  })
  let isFirst = true
  await shoot('signed-in', async (page, isPhone) => {
    await open(page)
    await signIn(page, isPhone)
    const list = page.getByRole('region', { name: 'Private list' })
    for (const title of isFirst ? ['Find a present for Bob', 'Dentist, Thursday'] : []) {
      await list.getByRole('textbox', { name: /^New task/ }).fill(title)
      await page.keyboard.press('Enter')
    }
    isFirst = false
    await list.getByText('Find a present for Bob').waitFor()
  })
  await shoot('arrived', async (page) => {
    await open(page)
    // What is lit stays lit for the picture.
    await page.clock.install()
    const { data: task } = await (await post('/tasks', { title: 'This came from another window' })).json()
    await page.locator('[data-arrived]').waitFor()
    await page.context().setOffline(true)
    await fetch(`${app.url}/api/v1/tasks/${task.id}`, { method: 'DELETE' })
  })
  await shoot('heard', async (page, isPhone) => {
    await open(page)
    if (isPhone) await page.getByRole('tab', { name: 'Heard' }).click()
    for (const done of [true, false]) await post('/tasks/3', { done }, 'PATCH')
    await page.locator('[data-kind=refresh]').first().waitFor()
  })
  await shoot('editing', async (page) => {
    await open(page)
    await page.getByRole('button', { name: 'Rename Buy coffee' }).click()
  })
  await shoot('deleted', async (page) => {
    await open(page)
    await page.getByRole('button', { name: 'Delete Water the plants' }).click()
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('Water the plants').first().waitFor()
    await page.getByRole('button', { name: 'Delete Write to Marta' }).click()
    await page.getByRole('button', { name: 'Undo' }).waitFor()
    const { data: tasks } = await (await fetch(`${app.url}/api/v1/tasks`)).json()
    if (!tasks.some(({ title }) => title === 'Write to Marta')) await post('/tasks', { title: 'Write to Marta' })
  })
  await shoot('loading', async (page) => {
    await page.route('**/api/v1/~/*', (route) =>
      /realtime/.test(route.request().url()) ? route.continue() : undefined,
    )
    await page.goto(app.url)
    await page.getByText('Loading the shared board').waitFor()
  })
  await shoot('error', async (page) => {
    await page.route('**/api/v1/~/*', (route) => route.abort())
    await page.goto(app.url)
    await page.getByText('The shared board could not be loaded').waitFor()
  })
  await shoot('offline', async (page) => {
    await open(page)
    const { port } = app
    await app.end('SIGKILL')
    await page.getByText('offline', { exact: true }).waitFor()
    await page
      .getByRole('textbox', { name: /^New task/ })
      .first()
      .fill('Written while offline')
    await page.keyboard.press('Enter')
    await page.getByText(/was not added/).waitFor()
    app = await startApp(join(data, 'empty.sqlite'), port)
  })
} finally {
  await browser.close()
  await app.end('SIGKILL')
  rmSync(data, { recursive: true, force: true })
}
console.log(`The pictures are in ${pictures}.`)
