import JSON
import LogtoStandIn
import NIOCore
import NIOPosix

/// A small application that knows nothing of OIDC: whoever `X-Forwarded-User` names is signed in, nobody otherwise.
/// It can afford that belief because only the gateway can reach it.
struct Application: Sendable {
    /// Where its links lead.
    struct Links: Sendable {
        var signIn = "/_gatehouse/sign-in"
        var signOut = "/_gatehouse/sign-out"
    }

    private let group: MultiThreadedEventLoopGroup
    private let server: HTTPServer

    var port: Int { server.port }

    static func start(address: String, port: Int, links: Links) async throws -> Application {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            let server = try await HTTPServer.start(
                address: address,
                port: port,
                on: group.next(),
                maximumBody: 1 << 20
            ) { request in
                Delivery(Application.answer(request, links))
            }
            return Application(group: group, server: server)
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    /// Waits until it no longer serves.
    func waitUntilClosed() async throws {
        try await server.waitUntilClosed()
    }

    func shutDown() async throws {
        try await group.shutdownGracefully()
    }

    static func answer(_ request: Request, _ links: Links) -> Response {
        switch request.path {
        case "/", "/account": .html(page(request, links))
        case "/headers": .json(headers(of: request))
        default: .html(Page.document("Not found", "<h1>Not found</h1><p><a href=\"/\">Home</a></p>"), status: 404)
        }
    }

    /// What arrived, for those who want to see it with their own eyes.
    private static func headers(of request: Request) -> JSON {
        .object(request.headers.map { JSONMember(name: $0.name, value: .string($0.value)) })
    }

    private static let identityFields = [
        "X-Forwarded-User", "X-Forwarded-Name", "X-Forwarded-Preferred-Username", "X-Forwarded-Email",
        "X-Forwarded-Groups",
    ]

    private static func page(_ request: Request, _ links: Links) -> String {
        let user = request.header("X-Forwarded-User")
        let called = request.header("X-Forwarded-Name") ?? request.header("X-Forwarded-Preferred-Username") ?? user
        let signIn = Page.escape("\(links.signIn)?rd=\(Form.encode(request.target))")
        let greeting =
            if let called {
                """
                <h1 id="greeting">Hello, \(Page.escape(called))</h1>
                <p class="soft">You are signed in.</p>
                <p><a class="button" id="sign-out" href="\(Page.escape(links.signOut))">Sign out</a></p>
                """
            } else {
                """
                <h1 id="greeting">Nobody is signed in</h1>
                <p class="soft">This page is open to everyone.</p>
                <p><a class="button" id="sign-in" href="\(signIn)">Sign in</a></p>
                """
            }
        let rows = identityFields.map { name in
            let value = request.header(name).map { Page.escape($0) } ?? "<span class=\"soft\">absent</span>"
            return "<dt>\(name)</dt><dd id=\"\(name.lowercased())\">\(value)</dd>"
        }
        return Page.document(
            "Demo application",
            """
            \(greeting)
            <p><a href="/">Open page</a> · <a href="/account">Page for signed-in users</a></p>
            <details open><summary>What the gateway told this application</summary>
            <dl>\(rows.joined(separator: "\n"))
            <dt>Request target</dt><dd id="target">\(Page.escape(request.target))</dd></dl></details>
            """
        )
    }
}
