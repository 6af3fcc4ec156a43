// A Node application with nothing but node:http. It knows header fields, and nothing of OpenID Connect.
// Run as a program: node node_application.js PORT
const http = require('node:http')

const list = (text) => (text ? text.split(',').map(decodeURIComponent) : [])

http
  .createServer((request, response) => {
    const { 'x-forwarded-user': user, 'x-roles': roles, 'x-organizations': organizations } = request.headers
    const { pathname } = new URL(request.url, 'http://localhost')
    response.setHeader('Content-Type', 'text/html; charset=utf-8')
    if (!user) return response.end('<a href="/sign-in">Sign in</a>')
    if (pathname === '/me') {
      response.setHeader('Content-Type', 'application/json')
      return response.end(JSON.stringify({ user, roles: list(roles), organizations: list(organizations) }))
    }
    const may = list(roles).includes('writer') ? 'You may write.' : 'You may read.'
    response.end(`<p>Hello, ${user}. ${may}</p><a href="/sign-out">Sign out</a>`)
  })
  .listen(Number(process.argv[2]), '127.0.0.1')
