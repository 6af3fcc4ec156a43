import Access
import Gateway

/// Traefik with `forwardAuth`, for its file provider, and the static configuration that goes with it.
enum TraefikFront {
    /// What browsers connect to. Traefik canonicalises names at hyphens alone, so names with underscores must go before
    /// any middleware sees them.
    static func staticText(_ setup: FrontSetup) -> String {
        FrontSetup.heading(
            "traefik-static",
            ["traefik --configFile=/etc/traefik/traefik.yml. Needs Traefik 3.7 or newer, or 2.11.53 and newer."]
        ) + """
            global:
              checkNewVersion: false
              sendAnonymousUsage: false
            entryPoints:
              gatehouse:
                address: ":\(setup.port)"
                http:
                  # X_Forwarded_User would be X-Forwarded-User to many an application, and Traefik would let it through.
                  underscoreHeadersStrategy: reject
                  # A semicolon in a query stays one.
                  encodeQuerySemicolons: true
            providers:
              file:
                filename: /etc/traefik/gatehouse.yml

            """
    }

    static func text(_ setup: FrontSetup) -> String {
        FrontSetup.heading(
            "traefik",
            [
                "A file for Traefik's file provider: /etc/traefik/gatehouse.yml. Its static configuration is printed by",
                "`gatehouse emit traefik-static`. The gateway must list this Traefik in server.trusted_proxies.",
            ]
        ) + "http:\n  routers:\n" + setup.hosts.map { self.routers($0, setup) }.joined() + self.services(setup)
            + self.middlewares(setup) + self.certificates(setup)
    }

    private static func routers(_ host: FrontSetup.Host, _ setup: FrontSetup) -> String {
        let rule = "Host(`\(host.authority.host)`)"
        let tls = setup.isTLS ? "\n      tls: {}" : ""
        let endpoints = (["PathPrefix(`\(setup.prefix)/`)"] + setup.otherEndpoints.map { "Path(`\($0)`)" })
            .joined(separator: " || ")
        let checks =
            setup.checkPaths.exact.map { " && !Path(`\($0)`)" }.joined()
            + " && !PathPrefix(`\(setup.checkPaths.below)`)"
        var text = """
                # The gateway's own endpoints: sign-in, callback, sign-out. Not the checks, which are for fronts alone:
                # the answers show what no script of a page may see.
                \(host.identifier)-gatehouse:
                  entryPoints: [gatehouse]
                  rule: "\(rule) && (\(endpoints))\(checks)"
                  priority: 1000000
                  middlewares: [gatehouse-endpoints]
                  service: gatehouse\(tls)

            """
        for (index, target) in host.routes.enumerated() {
            let path = target.path == "/" ? "" : " && (Path(`\(target.path)`) || PathPrefix(`\(target.path)/`))"
            let priority = 1000 + target.path.utf8.count * 10
            let service = "application-\(target.number)\(target.preserveHost ? "" : "-own-host")"
            text += """
                    \(host.identifier)-\(index):
                      entryPoints: [gatehouse]
                      rule: "\(rule)\(path)"
                      priority: \(priority)
                      middlewares: [gatehouse-strip, gatehouse-check]
                      service: \(service)\(tls)
                    # A tunnel of another protocol than WebSocket would carry requests that nobody has checked.
                    \(host.identifier)-\(index)-tunnel:
                      entryPoints: [gatehouse]
                      rule: "\(rule)\(path) && HeaderRegexp(`Upgrade`, `\(FrontSetup.notWebSocket)`)"
                      priority: \(priority + 1)
                      middlewares: [gatehouse-strip, gatehouse-no-upgrade, gatehouse-check]
                      service: \(service)\(tls)

                """
        }
        return text
    }

    private static func services(_ setup: FrontSetup) -> String {
        var text = "  services:\n" + self.service("gatehouse", setup.gatewayAddress(), passHost: true)
        for (number, application) in setup.applications {
            let targets = setup.hosts.flatMap(\.routes).filter { $0.number == number }
            let address = FrontSetup.address(application)
            if targets.contains(where: \.preserveHost) {
                text += self.service("application-\(number)", address, passHost: true)
            }
            if targets.contains(where: { !$0.preserveHost }) {
                text += self.service("application-\(number)-own-host", address, passHost: false)
            }
        }
        return text
    }

    private static func service(_ name: String, _ address: String, passHost: Bool) -> String {
        """
            \(name):
              loadBalancer:
                passHostHeader: \(passHost)
                servers:
                  - url: "http://\(address)"

        """
    }

    private static func middlewares(_ setup: FrontSetup) -> String {
        return """
              middlewares:
                gatehouse-check:
                  forwardAuth:
                    address: "http://\(setup.checksAddress())\(setup.prefix)/forward-auth"
                    # These are taken from the request and set as the gateway says. Cookie: without the gateway's own.
                    authResponseHeaders: [Cookie, \(setup.answeredNames.joined(separator: ", "))]
                    maxResponseBodySize: 1048576
                gatehouse-no-upgrade:
                  headers:
                    customRequestHeaders:
                      Upgrade: ""
                # What browsers say about the original request ends here.
                gatehouse-endpoints:
                  headers:
                    customRequestHeaders:
                      X-Original-Url: ""
                      X-Original-Uri: ""
                      X-Original-Method: ""
                      X-Forwarded-Uri: ""
                      X-Forwarded-Method: ""
                # Fields in which applications expect an identity, an address or the original request.
                gatehouse-strip:
                  headers:
                    customRequestHeaders:
            \(self.strippedNames(setup).map { "          \($0): \"\"" }.joined(separator: "\n"))

            """
    }

    /// Less what Traefik sets itself, after it has taken away what came.
    static func strippedNames(_ setup: FrontSetup) -> [String] {
        setup.strippedNames.filter { !["X-Real-Ip", "X-Forwarded-Port", "X-Forwarded-Server"].contains($0) }
    }

    private static func certificates(_ setup: FrontSetup) -> String {
        guard setup.isTLS else { return "" }
        return "tls:\n  certificates:\n"
            + setup.hosts.map { host in
                """
                    - certFile: /etc/ssl/gatehouse/\(host.identifier).pem
                      keyFile: /etc/ssl/gatehouse/\(host.identifier).key

                """
            }.joined()
    }
}
