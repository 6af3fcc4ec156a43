import Access
import Gateway

/// HAProxy 2.6 or newer. It cannot ask anybody by its own configuration alone; the few lines of Lua use the HTTP client
/// it has since 2.5, and nothing has to be installed.
enum HAProxyFront {
    static func text(_ setup: FrontSetup) -> String {
        let tls = setup.isTLS ? " ssl crt /etc/ssl/gatehouse/ alpn http/1.1" : ""
        return FrontSetup.heading(
            "haproxy",
            [
                "For HAProxy 2.6 or newer with Lua, as Debian builds it. /etc/haproxy/gatehouse.lua is printed by",
                "`gatehouse emit haproxy-lua`. The gateway must list this HAProxy in server.trusted_proxies.",
                "HAProxy passes trailers on, and cannot remove one: an application must take no identity from those.",
            ]
        ) + """
            global
                lua-load /etc/haproxy/gatehouse.lua
                # A check's answer carries the identity and the cookies.
                tune.bufsize 65536

            defaults
                mode http
                timeout http-request 10s
                timeout connect 5s
                timeout client 60s
                timeout server 60s
                timeout tunnel 1h

            frontend gatehouse
                bind :\(setup.port)\(tls)

                # One host, and one of ours; then one spelling of the target, which is what the application gets.
                http-request deny deny_status 400 if { req.hdr_cnt(host) gt 1 }
                http-request deny deny_status 421 unless { req.hdr(host) -m str \(self.hosts(setup)) }
                http-request set-uri %[pathq]

                # Fields in which applications expect an identity, an address or the original request, and all whose
                # names have other characters than letters, digits and hyphens: applications fold those together.
                http-request del-header [^a-z0-9-] -m reg
            \(self.strippedFields(setup))
                # A tunnel of another protocol than WebSocket would carry requests that nobody has checked.
                http-request del-header upgrade unless { req.fhdr(upgrade) -m str -i websocket } { req.fhdr_cnt(upgrade) eq 1 }
                http-request set-header X-Forwarded-For %[src]
                http-request set-header X-Forwarded-Proto \(setup.scheme)
                http-request set-header X-Forwarded-Host %[req.hdr(host)]

                # These are for fronts alone: the answers show what no script of a page may see.
            \(self.refusals(setup))
                # The gateway's own endpoints: sign-in, callback, sign-out.
                acl gatehouse_endpoint path_beg \(setup.prefix)/
            \(setup.otherEndpoints.map { "    acl gatehouse_endpoint path \($0)\n" }.joined())
                http-request lua.gatehouse_check http://\(setup.checksAddress())\(setup.prefix)/check \(setup.scheme) unless gatehouse_endpoint
                acl gatehouse_passed var(txn.gatehouse_status) -m int 200
                # A page is sent to the sign-in; scripts and posts are told where it is.
                http-request redirect code 302 location %[var(txn.gatehouse_location)] if !gatehouse_endpoint { var(txn.gatehouse_location) -m found }
                http-request return status 401 content-type application/problem+json hdr Cache-Control no-store hdr WWW-Authenticate %[var(txn.gatehouse_challenge)] lf-string '{"type":"about:blank","title":"Sign in first","status":401,"sign_in_url":"%[var(txn.gatehouse_sign_in)]"}' if !gatehouse_endpoint { var(txn.gatehouse_status) -m int 401 }
                http-request deny deny_status 400 if !gatehouse_endpoint { var(txn.gatehouse_status) -m int 400 }
                http-request deny deny_status 403 if !gatehouse_endpoint { var(txn.gatehouse_status) -m int 403 }
                http-request deny deny_status 503 if !gatehouse_endpoint !gatehouse_passed

                use_backend gatehouse if gatehouse_endpoint
            \(setup.hosts.map { self.backends($0) }.joined())
            backend gatehouse
                server gatehouse \(setup.gatewayAddress())

            \(self.applications(setup))
            """
    }

    private static func hosts(_ setup: FrontSetup) -> String {
        setup.hosts.map(\.authority.text).joined(separator: " ")
    }

    /// Families first, and then the single names that belong to none.
    private static func strippedFields(_ setup: FrontSetup) -> String {
        let names = setup.removedNames.map { $0.lowercased() }
            .filter { name in !IdentityFields.families.contains { name.utf8.starts(with: $0.utf8) } }
        let lines =
            IdentityFields.families.map { "http-request del-header \($0) -m beg" }
            + names.map { "http-request del-header \($0)" }
        return lines.map { "    \($0)" }.joined(separator: "\n")
    }

    private static func refusals(_ setup: FrontSetup) -> String {
        let (exact, below) = setup.checkPaths
        return (exact.map { "path \($0)" } + ["path_beg \(below)"])
            .map { "    http-request deny deny_status 404 if { \($0) }\n" }.joined()
    }

    /// By the path as applications read it, decoded: the gateway judges it so.
    private static func backends(_ host: FrontSetup.Host) -> String {
        host.routes.map { target in
            let name = self.backend(target)
            let isHost = "{ req.hdr(host) -m str \(host.authority.text) }"
            if target.path == "/" { return "    use_backend \(name) if \(isHost)\n" }
            return "    use_backend \(name) if \(isHost) { path,url_dec -m str \(target.path) }\n"
                + "    use_backend \(name) if \(isHost) { path,url_dec -m beg \(target.path)/ }\n"
        }.joined()
    }

    private static func backend(_ target: FrontSetup.Target) -> String {
        "application_\(target.number)\(target.preserveHost ? "" : "_own_host")"
    }

    private static func applications(_ setup: FrontSetup) -> String {
        let targets = setup.hosts.flatMap(\.routes)
        var seen: [String] = []
        var text = ""
        for target in targets where !seen.contains(self.backend(target)) {
            seen.append(self.backend(target))
            let address = FrontSetup.address(target.application)
            let host = target.preserveHost ? "" : "    http-request set-header Host \(address)\n"
            text += "backend \(self.backend(target))\n\(host)    server application \(address)\n\n"
        }
        return text
    }

    /// Lua strings, a few in each line.
    private static func list(_ names: [String]) -> String {
        var lines = ["   "]
        for name in names {
            let item = " \"\(name)\","
            if lines[lines.count - 1].count + item.count > 110 { lines.append("   ") }
            lines[lines.count - 1] += item
        }
        return lines.joined(separator: "\n")
    }

    /// What asks the gateway, and carries the answer over.
    static func lua(_ setup: FrontSetup) -> String {
        """
        -- Printed by `gatehouse emit haproxy-lua`: asks the gateway whether a request may pass.
        -- http-request lua.gatehouse_check URL SCHEME

        -- What the gateway has to see of the browser's request.
        local asked = {
            "cookie", "accept", "sec-fetch-mode", "sec-fetch-dest", "sec-fetch-site", "sec-purpose", "purpose",
            "x-requested-with", "x-request-id", "authorization", "origin", "sec-websocket-key",
        }
        local always = {
            cookie = true, authorization = true, origin = true, ["x-request-id"] = true, ["sec-websocket-key"] = true,
        }
        -- What the application gets from the gateway: set, or absent. Cookie: the browser's without the gateway's own.
        local answered = {
        \(self.list(["cookie"] + setup.answeredNames.map { $0.lowercased() }))
        }

        core.register_action("gatehouse_check", { "http-req" }, function(txn, url, scheme)
            -- Whatever breaks below, nobody passes.
            txn:set_var("txn.gatehouse_status", 503)
            local request = txn.http:req_get_headers()
            local headers = {
                ["x-original-method"] = { txn.f:method() },
                ["x-original-uri"] = { txn.f:pathq() },
                ["x-forwarded-proto"] = { scheme },
                ["x-forwarded-host"] = { request["host"][0] },
                ["x-forwarded-for"] = { txn.f:src() },
            }
            for _, name in ipairs(asked) do
                -- What is to become a tunnel is no navigation.
                if (always[name] or request["upgrade"] == nil) and request[name] then
                    local values = {}
                    local index = 0
                    while request[name][index] do
                        values[index + 1] = request[name][index]
                        index = index + 1
                    end
                    headers[name] = values
                end
            end
            -- Over HTTP/2 a WebSocket is asked for without a key (RFC 8441); it is one all the same.
            if request["upgrade"] and not headers["sec-websocket-key"] then
                headers["sec-websocket-key"] = { "none" }
            end
            local response = core.httpclient():get({ url = url, headers = headers, timeout = 10000 })
            if not response or not response.headers then
                return
            end
            if response.status == 401 then
                local location = response.headers["location"]
                if location then
                    txn:set_var("txn.gatehouse_location", location[0])
                end
                -- A route that takes tokens says so, too.
                local challenge = response.headers["www-authenticate"]
                if challenge then
                    local more = challenge[1] and ", " .. challenge[1] or ""
                    txn:set_var("txn.gatehouse_challenge", challenge[0] .. more)
                end
                local sign_in = response.headers["x-auth-request-redirect"]
                if sign_in then
                    txn:set_var("txn.gatehouse_sign_in", sign_in[0])
                end
            end
            if response.status == 200 then
                for _, name in ipairs(answered) do
                    txn.http:req_del_header(name)
                    if response.headers[name] then
                        txn.http:req_set_header(name, response.headers[name][0])
                    end
                end
            end
            txn:set_var("txn.gatehouse_status", response.status)
        end, 2)

        """
    }
}
