import Access
package import Gateway

/// A front proxy whose configuration we print. Two of them read two files.
package enum Front: String, Sendable, CaseIterable {
    case nginx
    case traefik
    case traefikStatic = "traefik-static"
    case caddy
    case haproxy
    case haproxyLua = "haproxy-lua"
    case envoy
    case apache
    case kubernetes

    /// The front's configuration for exactly this gateway.
    package func text(for configuration: Configuration) throws(FrontProblem) -> String {
        let setup = try FrontSetup(configuration, needsUpstreams: self != .kubernetes && self != .apache)
        if self != .nginx {
            if setup.gateway.unixPath != nil { throw .unixSocket("server.listen") }
            if setup.checks.unixPath != nil { throw .unixSocket("check.listen") }
        }
        // Apache forwards everything through us. All others would pass the browser's own `Authorization` on.
        let needing = configuration.routes.first { $0.token != nil || $0.protectedApp != nil }
        if self != .apache, let needing { throw .needsProxy(route: needing.name) }
        if self == .kubernetes, Set(configuration.routes.filter(\.hasUpstream).map(\.upstream)).count > 1 {
            throw .severalApplications
        }
        return switch self {
        case .nginx: try NginxFront.text(setup)
        case .traefik: TraefikFront.text(setup)
        case .traefikStatic: TraefikFront.staticText(setup)
        case .caddy: CaddyFront.text(setup)
        case .haproxy: HAProxyFront.text(setup)
        case .haproxyLua: HAProxyFront.lua(setup)
        case .envoy: EnvoyFront.text(setup)
        case .apache: ApacheFront.text(setup)
        case .kubernetes: KubernetesFront.text(setup)
        }
    }
}

/// Why there is no configuration to print.
package enum FrontProblem: Error, Sendable, CustomStringConvertible {
    /// The front has to know where the application is.
    case noUpstream(route: String)
    /// It has to take the same way as we would.
    case otherWay(route: String)
    /// The application gets what no answer to a check can carry.
    case needsProxy(route: String)
    /// One listener has one port.
    case differentPorts
    /// A front asks without TLS, and cannot find a socket that is handed over.
    case noPlainListener
    /// Only nginx knows them.
    case unixSocket(String)
    /// Two routes of one path, for different methods, with different applications.
    case byMethod(String, String)
    /// Two fields that are one to the front.
    case sameField(String, String)
    /// A field that the front's configuration cannot name.
    case fieldName(String)
    /// One service stands for the application.
    case severalApplications
    /// Proxies compare paths in spellings of their own; these letters are the same in all.
    case path(String)

    package var description: String {
        switch self {
        case .noUpstream(let route):
            "the route \(ConfigurationProblem.quoted(route)) has no upstream, so the front would not know the application"
        case .otherWay(let route):
            "the route \(ConfigurationProblem.quoted(route)) does not go to one http://host:port with its path and host as "
                + "they are; send its requests through the gateway"
        case .needsProxy(let route):
            "the route \(ConfigurationProblem.quoted(route)) has token or is a Protected App's: what its application gets as "
                + "Authorization comes from the gateway alone; send its requests through the gateway"
        case .noPlainListener: "server.listen has no address that a front could ask without TLS; add one on loopback"
        case .differentPorts: "the routes' hosts have different ports; a front has one listener for all of them here"
        case .byMethod(let route, let other):
            "the routes \(ConfigurationProblem.quoted(route)) and \(ConfigurationProblem.quoted(other)) differ in their methods "
                + "alone and have different upstreams; the front chooses by host and path: give both one upstream, or send "
                + "their requests through the gateway"
        case .sameField(let name, let other):
            "nginx reads the fields \(name) and \(other) as one; tell the applications under one of these names"
        case .fieldName(let name):
            "the field \(ConfigurationProblem.quoted(name)) has other characters than letters, digits, - and _, which "
                + "fronts read differently"
        case .severalApplications:
            "the routes have different upstreams, and one service \"application\" stands for them all here; send the "
                + "requests through the gateway, or print this for one application after the other"
        case .path(let path):
            "the path \(ConfigurationProblem.quoted(path)) has other characters than letters, digits and /-._~, "
                + "which fronts read differently"
        case .unixSocket(let key): "\(key) is a unix socket, which only nginx's configuration can name"
        }
    }
}
