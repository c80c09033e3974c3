import { treaty } from '@elysiajs/eden'

const api: any = treaty<any>('http://localhost')
console.log(await api.users({ id: '1' }).get(), await api.users.post({ name: 'Ada' }))
