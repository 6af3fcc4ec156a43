import Access
import Gateway

/// Envoy with the HTTP service of `ext_authz`, as a static bootstrap.
enum EnvoyFront {
    static func text(_ setup: FrontSetup) -> String {
        FrontSetup.heading(
            "envoy",
            [
                "A bootstrap for Envoy 1.30 or newer. The gateway must list this Envoy in server.trusted_proxies.",
                "Written from Envoy's documentation; its requests are tested, this file is not.",
            ]
        ) + """
            static_resources:
              listeners:
                - name: gatehouse
                  address: { socket_address: { address: 0.0.0.0, port_value: \(setup.port) } }
            \(setup.isTLS ? self.inspector : "")      filter_chains:
            \(self.filterChains(setup))  clusters:
            \(self.cluster("gatehouse", setup.gatewayAddress()))\(self.cluster("gatehouse_checks", setup.checksAddress()))\(setup.applications.map { self.cluster("application_\($0.number)", FrontSetup.address($0.address)) }.joined())
            """
    }

    /// Tells which host a connection is for, before the handshake.
    private static let inspector = """
              listener_filters:
                - name: envoy.filters.listener.tls_inspector
                  typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector }

        """

    /// One for each host over TLS, by its certificate; one for all without.
    private static func filterChains(_ setup: FrontSetup) -> String {
        guard setup.isTLS else { return "        - filters:\n" + self.manager(setup.hosts, setup) }
        return setup.hosts.map { self.chain(of: $0, setup) + self.manager([$0], setup) }.joined()
    }

    private static func chain(of host: FrontSetup.Host, _ setup: FrontSetup) -> String {
        """
                - filter_chain_match: { server_names: ["\(host.authority.host)"] }
                  transport_socket:
                    name: envoy.transport_sockets.tls
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
                      common_tls_context:
                        tls_certificates:
                          - certificate_chain: { filename: /etc/ssl/gatehouse/\(host.identifier).pem }
                            private_key: { filename: /etc/ssl/gatehouse/\(host.identifier).key }
                  filters:

        """
    }

    private static func manager(_ hosts: [FrontSetup.Host], _ setup: FrontSetup) -> String {
        """
                    - name: envoy.filters.network.http_connection_manager
                      typed_config:
                        "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                        stat_prefix: gatehouse
                        use_remote_address: true
                        # One reading of each path, and of each field's name.
                        normalize_path: false
                        merge_slashes: false
                        path_with_escaped_slashes_action: REJECT_REQUEST
                        common_http_protocol_options: { headers_with_underscores_action: REJECT_REQUEST }
                        upgrade_configs: [{ upgrade_type: websocket }]
                        http_filters:
                          # Fields in which applications expect an identity or the original request.
                          - name: envoy.filters.http.header_mutation
                            typed_config:
                              "@type": type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation
                              mutations:
                                request_mutations:
        \((setup.removedNames + ["X-Forwarded-Host"]).map { "                          - remove: \($0.lowercased())" }.joined(separator: "\n"))
                          - name: envoy.filters.http.ext_authz
                            typed_config:
                              "@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz
                              transport_api_version: V3
                              failure_mode_allow: false
                              status_on_error: { code: ServiceUnavailable }
                              allowed_headers:
                                patterns:
                                  - exact: cookie
                                  - exact: accept
                                  - prefix: sec-fetch-
                                  - exact: sec-purpose
                                  - exact: purpose
                                  - exact: x-requested-with
                                  - exact: origin
                                  - exact: sec-websocket-key
                                  - exact: x-forwarded-proto
                                  - exact: x-forwarded-for
                                  - exact: x-request-id
                                  # Fields of an identity that are not removed by name: the gateway refuses them.
                                  - safe_regex: { regex: "[^:].*[^a-z0-9-].*|[^a-z0-9:-].*" }
        \(IdentityFields.families.map { "                          - prefix: \($0)" }.joined(separator: "\n"))
                              http_service:
                                server_uri: { uri: "http://\(setup.checksAddress())", cluster: gatehouse_checks, timeout: 10s }
                                path_prefix: \(setup.prefix)/ext-authz
                                authorization_response:
                                  allowed_upstream_headers:
                                    patterns:
                                      - exact: cookie
        \(setup.answeredNames.map { "                              - exact: \($0.lowercased())" }.joined(separator: "\n"))
                          - name: envoy.filters.http.router
                            typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }
                        route_config:
                          virtual_hosts:
        \(hosts.map { self.virtualHost($0, setup) }.joined())
        """
    }

    private static func virtualHost(_ host: FrontSetup.Host, _ setup: FrontSetup) -> String {
        """
                            - name: \(host.identifier)
                              domains: ["\(host.authority.text)"]
                              request_headers_to_add:
                                - header: { key: x-forwarded-host, value: "\(host.authority.text)" }
                                  append_action: OVERWRITE_IF_EXISTS_OR_ADD
                              routes:
                                # These are for fronts alone: the answers show what no script of a page may see.
        \(self.refusals(setup))                        # The gateway's own endpoints: sign-in, callback, sign-out.
        \(self.endpoints(setup))\(host.routes.map { self.route($0) }.joined())
        """
    }

    private static func refusals(_ setup: FrontSetup) -> String {
        let (exact, below) = setup.checkPaths
        return (exact.map { "path: \($0)" } + ["prefix: \(below)"]).map {
            "                        - { match: { \($0) }, direct_response: { status: 404 } }\n"
        }.joined()
    }

    private static func endpoints(_ setup: FrontSetup) -> String {
        let matches = ["prefix: \(setup.prefix)/"] + setup.otherEndpoints.map { "path: \($0)" }
        return matches.map { match in
            """
                                    - match: { \(match) }
                                      route: { cluster: gatehouse }
                                      typed_per_filter_config:
                                        envoy.filters.http.ext_authz:
                                          "@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute
                                          disabled: true

            """
        }.joined()
    }

    private static func route(_ target: FrontSetup.Target) -> String {
        let match = target.path == "/" ? "prefix: /" : "path_separated_prefix: \(target.path)"
        let host = target.preserveHost ? "" : ", host_rewrite_literal: \"\(FrontSetup.address(target.application))\""
        return """
                                    - match: { \(match) }
                                      route: { cluster: application_\(target.number)\(host) }

            """
    }

    private static func cluster(_ name: String, _ address: String) -> String {
        let colon = address.utf8.lastIndex(of: UInt8(ascii: ":")) ?? address.utf8.endIndex
        let host = String(address[..<colon]).filter { $0 != "[" && $0 != "]" }
        let port = String(address[colon...].dropFirst())
        return """
                - name: \(name)
                  type: STRICT_DNS
                  connect_timeout: 2s
                  load_assignment:
                    cluster_name: \(name)
                    endpoints:
                      - lb_endpoints:
                          - endpoint: { address: { socket_address: { address: "\(host)", port_value: \(port) } } }

            """
    }
}
