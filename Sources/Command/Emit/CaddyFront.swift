import Access
import Gateway

/// A Caddyfile with `forward_auth`.
enum CaddyFront {
    static func text(_ setup: FrontSetup) -> String {
        FrontSetup.heading(
            "caddy",
            [
                "A Caddyfile for Caddy 2.11 or newer. The gateway must list this Caddy in server.trusted_proxies.",
                "Paths are matched by expressions, for Caddy's own `path` takes /ADMIN for /admin.",
            ]
        ) + setup.hosts.map { self.site($0, setup) }.joined()
    }

    private static func site(_ host: FrontSetup.Host, _ setup: FrontSetup) -> String {
        let tls =
            setup.isTLS
            ? "\ttls /etc/ssl/gatehouse/\(host.identifier).pem /etc/ssl/gatehouse/\(host.identifier).key\n\n" : ""
        let endpoints = (["\(self.escaped(setup.prefix))/"] + setup.otherEndpoints.map { "\(self.escaped($0))$" })
            .joined(separator: "|")
        let checks = setup.checkPaths.exact.map { "\(self.escaped($0))$" } + [self.escaped(setup.checkPaths.below)]
        return """

            \(setup.scheme)://\(host.authority.host):\(setup.port) {
            \(tls)\troute {
            \t\t# `Connection: X-Forwarded-User` would take away what the gateway says, and a tunnel of another
            \t\t# protocol than WebSocket would carry requests that nobody has checked.
            \t\t@other header_regexp Upgrade \(FrontSetup.notWebSocket)
            \t\trequest_header @other -Upgrade
            \t\trequest_header -Connection
            \t\t@websocket header Upgrade *
            \t\trequest_header @websocket Connection Upgrade

            \t\t# These are for fronts alone: the answers show what no script of a page may see.
            \t\t@checks path_regexp ^(\(checks.joined(separator: "|")))
            \t\trespond @checks 404

            \t\t# The gateway's own endpoints: sign-in, callback, sign-out.
            \t\t@gatehouse path_regexp ^(\(endpoints))
            \t\thandle @gatehouse {
            \t\t\treverse_proxy \(setup.gatewayAddress()) {
            \t\t\t\theader_up -X-Original-*
            \t\t\t\theader_up -X-Forwarded-Uri
            \t\t\t\theader_up -X-Forwarded-Method
            \t\t\t}
            \t\t}

            \t\t# Fields in which applications expect an identity, an address or the original request.
            \(self.removals(setup).map { "\t\trequest_header -\($0)" }.joined(separator: "\n"))

            \(host.routes.enumerated().map { self.handle($1, $0, setup) }.joined())\t}
            }

            """
    }

    /// Families first, and then the single names that belong to none. What Caddy itself sets begins with X-Forwarded-,
    /// so of those each goes by its name.
    private static func removals(_ setup: FrontSetup) -> [String] {
        let families = IdentityFields.families.filter { $0 != "x-forwarded-" }
        let names = setup.removedNames.filter { name in
            !families.contains { name.lowercased().utf8.starts(with: $0.utf8) }
        }
        return families.map { "\($0)*" } + names
    }

    /// A path as a regular expression that matches nothing else.
    private static func escaped(_ path: String) -> String { path.replacing(".", with: "\\.") }

    private static func handle(_ target: FrontSetup.Target, _ index: Int, _ setup: FrontSetup) -> String {
        let matcher = target.path == "/" ? "" : "@route\(index) "
        let named =
            target.path == "/" ? "" : "\t\t\(matcher)path_regexp ^\(self.escaped(target.path))(/|$)\n"
        let host =
            target.preserveHost
            ? "" : " {\n\t\t\t\theader_up Host \(FrontSetup.address(target.application))\n\t\t\t}"
        return """
            \(named)\t\thandle \(matcher){
            \t\t\tforward_auth \(setup.checksAddress()) {
            \t\t\t\turi \(setup.prefix)/forward-auth
            \t\t\t\theader_up -X-Original-*
            \t\t\t\t# Cookie: the browser's without the gateway's own.
            \t\t\t\tcopy_headers Cookie \(setup.answeredNames.joined(separator: " "))
            \t\t\t}
            \t\t\treverse_proxy \(FrontSetup.address(target.application))\(host)
            \t\t}

            """
    }
}
