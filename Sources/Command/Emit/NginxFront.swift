import Access
import Gateway

/// nginx with `auth_request`, for `http { }`: as a file in /etc/nginx/conf.d.
enum NginxFront {
    static func text(_ setup: FrontSetup) throws(FrontProblem) -> String {
        try self.checkVariables(setup.answeredNames)
        return FrontSetup.heading(
            "nginx",
            [
                "Include it in http { }, as a file in /etc/nginx/conf.d. The gateway must list this nginx in",
                "server.trusted_proxies.",
            ]
        ) + self.upstreams(setup) + self.maps + setup.hosts.map { self.server($0, setup) }.joined()
    }

    private static func upstreams(_ setup: FrontSetup) -> String {
        func upstream(_ name: String, _ address: String) -> String {
            "\nupstream \(name) {\n    server \(address);\n    keepalive 32;\n}\n"
        }
        return upstream("gatehouse", FrontSetup.address(setup.gateway))
            + upstream("gatehouse_checks", FrontSetup.address(setup.checks))
            + setup.applications.map { upstream("application_\($0.number)", FrontSetup.address($0.address)) }.joined()
    }

    /// Only WebSockets are passed on: a tunnel of another protocol would carry requests that nobody has checked.
    private static let maps = """

        map $http_upgrade $gatehouse_upgrade {
            ~*^websocket$ websocket;
            default "";
        }
        map $gatehouse_upgrade $gatehouse_connection {
            websocket upgrade;
            default "";
        }

        """

    private static func server(_ host: FrontSetup.Host, _ setup: FrontSetup) -> String {
        let authority = host.authority
        let listen = setup.isTLS ? "listen \(setup.port) ssl;" : "listen \(setup.port);"
        let certificate =
            setup.isTLS
            ? """

                ssl_certificate /etc/ssl/gatehouse/\(host.identifier).pem;
                ssl_certificate_key /etc/ssl/gatehouse/\(host.identifier).key;
            """ : ""
        return """

            server {
                \(listen)
                server_name \(authority.host);\(certificate)

                # One spelling for each field: X_Forwarded_User would be X-Forwarded-User to many an application.
                underscores_in_headers off;
                ignore_invalid_headers on;

                # Any other host ends here, so that nginx, the gateway and the application agree on this one.
                if ($host != "\(authority.host)") {
                    return 421;
                }

                auth_request \(setup.prefix)/check;
                auth_request_set $gatehouse_status $upstream_status;
                auth_request_set $gatehouse_location $upstream_http_location;
                auth_request_set $gatehouse_sign_in $upstream_http_x_auth_request_redirect;
                auth_request_set $gatehouse_cookie $upstream_http_cookie;
            \(self.fields(setup))
                error_page 401 = @gatehouse_challenge;
                error_page 500 = @gatehouse_failed;

                # What the application gets from the gateway: set, or absent.
            \(self.headers(setup))
                # The browser's cookies without the gateway's.
                proxy_set_header Cookie $gatehouse_cookie;
                # What nobody but a proxy may say.
                proxy_set_header Host $gatehouse_host;
                proxy_set_header X-Forwarded-For $remote_addr;
                proxy_set_header X-Forwarded-Proto \(setup.scheme);
                proxy_set_header X-Forwarded-Host \(authority.text);
                proxy_set_header X-Real-IP $remote_addr;
                proxy_set_header Upgrade $gatehouse_upgrade;
                proxy_set_header Connection $gatehouse_connection;
            \(self.strippedFields(setup, indent: 4))
                proxy_headers_hash_max_size 4096;
                proxy_headers_hash_bucket_size 128;
                proxy_http_version 1.1;
                set $gatehouse_host \(authority.text);

            \(host.routes.map { self.location($0) }.joined())
            \(self.refusals(setup))
                location = \(setup.prefix)/check {
                    internal;
                    auth_request off;
                    proxy_pass http://gatehouse_checks\(setup.prefix)/check;
                    proxy_pass_request_body off;
                    proxy_set_header Content-Length "";
                    proxy_set_header Connection "";
                    proxy_set_header Host \(authority.text);
                    proxy_set_header X-Original-Method $request_method;
                    proxy_set_header X-Original-URI $request_uri;
                    proxy_set_header X-Original-URL "";
                    proxy_set_header X-Forwarded-Proto \(setup.scheme);
                    proxy_set_header X-Forwarded-Host \(authority.text);
                    proxy_set_header X-Forwarded-Method "";
                    proxy_set_header X-Forwarded-Uri "";
                    proxy_set_header X-Forwarded-For $remote_addr;
                    # The answer carries the identity and the cookies.
                    proxy_buffer_size 64k;
                    proxy_buffers 4 64k;
                    proxy_connect_timeout 2s;
                    proxy_read_timeout 10s;
                }

                # The gateway's own endpoints: sign-in, callback, sign-out.
                location ^~ \(setup.prefix)/ {
            \(self.endpoint(authority, setup))
                }
            \(setup.otherEndpoints.map { "    location = \($0) {\n\(self.endpoint(authority, setup))\n    }\n" }.joined())
                # A page is sent to the sign-in; scripts and posts are told where it is. nginx takes WWW-Authenticate over.
                location @gatehouse_challenge {
                    auth_request off;
                    if ($gatehouse_location) {
                        return 302 $gatehouse_location;
                    }
                    default_type application/problem+json;
                    add_header Cache-Control no-store always;
                    return 401 '{"type":"about:blank","title":"Sign in first","status":401,"sign_in_url":"$gatehouse_sign_in"}';
                }

                # nginx says 500 to whatever else a check answers.
                location @gatehouse_failed {
                    auth_request off;
                    if ($gatehouse_status = 400) {
                        return 400;
                    }
                    if ($gatehouse_status ~ "^50[234]") {
                        return 503;
                    }
                    return 500;
                }
            }

            """
    }

    private static func fields(_ setup: FrontSetup) -> String {
        setup.answeredNames.map { name in
            let variable = name.lowercased().replacing("-", with: "_")
            return "    auth_request_set \(self.variable(name)) $upstream_http_\(variable);"
        }.joined(separator: "\n")
    }

    private static func headers(_ setup: FrontSetup) -> String {
        setup.answeredNames.map { "    proxy_set_header \($0) \(self.variable($0));" }.joined(separator: "\n")
    }

    /// `$identity_x_forwarded_user` for X-Forwarded-User: another one for each field, or one application would get
    /// what is meant for another.
    private static func variable(_ name: String) -> String {
        "$identity_" + name.lowercased().replacing("-", with: "_")
    }

    /// nginx' variables for the fields of an answer do not tell hyphens from underscores.
    private static func checkVariables(_ names: [String]) throws(FrontProblem) {
        var seen: [String: String] = [:]
        for name in names {
            if let other = seen.updateValue(name, forKey: self.variable(name)) { throw .sameField(other, name) }
        }
    }

    private static func strippedFields(_ setup: FrontSetup, indent: Int) -> String {
        setup.strippedNames.filter { !$0.isExactly("X-Real-Ip") }
            .map { String(repeating: " ", count: indent) + "proxy_set_header \($0) \"\";" }.joined(separator: "\n")
    }

    private static func location(_ target: FrontSetup.Target) -> String {
        let host = target.preserveHost ? "" : "        set $gatehouse_host \(FrontSetup.address(target.application));\n"
        let body = " {\n\(host)        proxy_pass http://application_\(target.number);\n    }\n"
        if target.path == "/" { return "    location /\(body)" }
        return "    location = \(target.path)\(body)    location ^~ \(target.path)/\(body)"
    }

    /// No browser asks whether it may: what is answered is for the front alone. `check` is `internal`.
    private static func refusals(_ setup: FrontSetup) -> String {
        """
            # These are for fronts alone: the answers show what no script of a page may see.
            location = \(setup.prefix)/forward-auth {
                auth_request off;
                return 404;
            }
            location ^~ \(setup.checkPaths.below) {
                auth_request off;
                return 404;
            }

        """
    }

    /// Nothing of what the browser says about the original request reaches the gateway.
    private static func endpoint(_ authority: Authority, _ setup: FrontSetup) -> String {
        """
                auth_request off;
                proxy_pass http://gatehouse;
                proxy_set_header Host \(authority.text);
                proxy_set_header Connection "";
                proxy_set_header X-Forwarded-For $remote_addr;
                proxy_set_header X-Forwarded-Proto \(setup.scheme);
                proxy_set_header X-Forwarded-Host \(authority.text);
                proxy_set_header X-Original-Method "";
                proxy_set_header X-Original-URI "";
                proxy_set_header X-Original-URL "";
                proxy_set_header X-Forwarded-Method "";
                proxy_set_header X-Forwarded-Uri "";
        """
    }
}
