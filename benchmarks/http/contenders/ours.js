/** Ours through its Node door, validating what the peers validate: the body. */
import { serve } from '@igniter-js/core/node'
import { address, createRouter } from '../ours-app.js'

export { wire } from '../ours-app.js'
export const start = (port) => serve(createRouter(), address(port))
