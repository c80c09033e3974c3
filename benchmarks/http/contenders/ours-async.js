/** Ours with async handlers: what a promise for each request costs. */
import { serve } from '@igniter-js/core/node'
import { address, createRouter } from '../ours-app.js'

export { wire } from '../ours-app.js'
export const start = (port) => serve(createRouter({ isAsync: true }), address(port))
