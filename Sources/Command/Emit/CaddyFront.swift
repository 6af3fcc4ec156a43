import Access
import Gateway

/// A Caddyfile with `forward_auth`.
enum CaddyFront {
    static func text(_ setup: FrontSetup) -> String {
        FrontSetup.heading(
            "caddy",
            ["A Caddyfile. The gateway must list this Caddy in server.trusted_proxies."]
        ) + setup.hosts.map { self.site($0, setup) }.joined()
    }

    private static func site(_ host: FrontSetup.Host, _ setup: FrontSetup) -> String {
        let tls =
            setup.isTLS
            ? "\ttls /etc/ssl/gatehouse/\(host.identifier).pem /etc/ssl/gatehouse/\(host.identifier).key\n\n" : ""
        let endpoints = (["\(setup.prefix)/*"] + setup.otherEndpoints).joined(separator: " ")
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

            \t\t# The gateway's own endpoints: sign-in, callback, sign-out.
            \t\t@gatehouse path \(endpoints)
            \t\thandle @gatehouse {
            \t\t\treverse_proxy \(setup.gatewayAddress()) {
            \t\t\t\theader_up -X-Original-*
            \t\t\t\theader_up -X-Forwarded-Uri
            \t\t\t\theader_up -X-Forwarded-Method
            \t\t\t}
            \t\t}

            \t\t# Fields in which applications expect an identity, an address or the original request.
            \(setup.removedNames.map { "\t\trequest_header -\($0)" }.joined(separator: "\n"))

            \(host.routes.map { self.handle($0, setup) }.joined())\t}
            }

            """
    }

    private static func handle(_ target: FrontSetup.Target, _ setup: FrontSetup) -> String {
        let matcher = target.path == "/" ? "" : "@route\(target.path.utf8.count) "
        let named =
            target.path == "/" ? "" : "\t\t\(matcher)path \(target.path) \(target.path)/*\n"
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
