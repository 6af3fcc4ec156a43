package import Access
package import Cryptography
import JSON
import NIOCore
import OpenIDConnect

/// The configuration with everything that follows from it. It never changes. Each worker that serves connections has a
/// copy, so that no two of them count references to the same objects.
package final class Settings: Sendable {
    /// With one provider as `provider`: the one that these settings are for.
    package let configuration: Configuration
    /// All of them, the first one first.
    let providers: [Configuration.ProviderSettings]
    /// The place of this one.
    let party: Int
    /// What tells its sessions from those of others; empty for the first one, whatever it is called.
    let partyName: String
    package let routes: RouteTable
    package let keys: KeyRing
    /// What we sign with what we tell applications. They follow from the sealing keys, so that replicas share them.
    let assertionKeys: AssertionKeys
    package let cookieNames: CookieNames
    /// Cookies carry `Secure` exactly when browsers reach us over TLS.
    let cookiesAreSecure: Bool
    /// The names of request fields that only we may set: those of every configuration and those of this one.
    let reservedNames: ReservedNames
    /// Of those, the ones which a front that asks us takes away.
    let namesRemovedByFronts: ReservedNames
    /// The APIs for which some route needs tokens, to be asked for with each sign-in.
    let resources: [String]
    /// `Authorization` with our client's id and secret, as Logto's Protected App sends it to applications.
    let credentials: Secret
    package let endpoints: EndpointTable
    let checks: CheckPaths
    let renewalRules: RenewalPlan.Rules
    let upstreamContexts: UpstreamContexts
    /// `nil`: there is no limit.
    let connectionLimits: ConnectionLimits?
    let signInLimit: SignInLimit?
    /// The line that keeps browsers on TLS; empty when it is not wanted.
    let strictTransport: [UInt8]
    /// Every host this gateway answers for; a request for another is misdirected.
    private let authorities: Set<Authority>
    private let routeNumbers: [ObjectIdentifier: Int]
    /// The routes' names by number: those of earlier configurations first, for what has been counted stays counted.
    package let routeNames: [String]

    /// - Throws: `RouteTableError` for routes that contradict each other, `CryptographyError` for a bad key
    /// ring, what NIOSSL throws for certificates of upstreams that cannot be used.
    ///
    /// - Parameters:
    ///   - party: whose settings: those of the provider in this place.
    ///   - first: those of the first one, which counts for all of them.
    ///   - predecessor: what these settings take the place of.
    package init(
        _ configuration: Configuration,
        party: Int = 0,
        beside first: Settings? = nil,
        succeeding predecessor: Settings? = nil
    ) throws {
        var configuration = configuration
        let providers = configuration.providers
        configuration.provider = providers[party]
        self.providers = providers
        self.party = party
        self.partyName = party == 0 ? "" : providers[party].name
        self.configuration = configuration
        self.routes = try RouteTable(configuration.routes)
        let keys = configuration.session.keys
        let ring = keys.isEmpty ? [SealingKey.generate()] : keys
        self.keys = try KeyRing(ring)
        self.assertionKeys = try AssertionKeys(ring)
        self.cookiesAreSecure = configuration.server.publicURL.scheme == .https
        self.cookieNames = CookieNames(
            name: configuration.cookie.name,
            secure: self.cookiesAreSecure,
            domain: nil,
            provider: self.partyName
        )
        let fields = FrontFields(configuration.routes)
        self.reservedNames = ReservedNames(adding: fields.reserved)
        self.namesRemovedByFronts = ReservedNames(exactly: fields.removed)
        let asked =
            configuration.session.tokens.asked + configuration.requirements.apis.flatMap(\.resources)
            + configuration.routes.filter { $0.provider == party }.flatMap { $0.token?.resources ?? [] }
        var resources: [String] = []
        for resource in asked
        where !resources.contains(where: { $0.utf8.elementsEqual(resource.utf8) }) {
            resources.append(resource)
        }
        self.resources = resources
        self.upstreamContexts = try first?.upstreamContexts ?? UpstreamContexts(configuration.upstreams)
        self.connectionLimits =
            first.map(\.connectionLimits)
            ?? ConnectionLimits(configuration.limits, succeeding: predecessor?.connectionLimits)
        let perMinute = configuration.limits.signInsPerMinute
        let isSameLimit = predecessor?.configuration.limits.signInsPerMinute == perMinute
        self.signInLimit =
            first.map(\.signInLimit) ?? (isSameLimit ? predecessor?.signInLimit : SignInLimit(perMinute: perMinute))
        let client = configuration.provider.client
        let pair = Array("\(client.id):".utf8) + (client.secret?.withBytes { $0 } ?? [])
        self.credentials = Secret("Authorization: Basic \(Base64.encode(pair))\r\n")
        self.endpoints = EndpointTable(
            configuration.paths,
            givesTokens: !configuration.session.tokens.isNone
        )
        self.checks = CheckPaths(configuration.paths)
        let revalidateAfter = configuration.session.revalidateAfter
        self.renewalRules = RenewalPlan.Rules(
            refreshAhead: configuration.session.refreshAhead,
            revalidateAfter: revalidateAfter == .zero ? nil : revalidateAfter
        )
        let seconds = configuration.tls.strictTransportSeconds
        self.strictTransport =
            seconds > 0 && self.cookiesAreSecure ? Array("Strict-Transport-Security: max-age=\(seconds)\r\n".utf8) : []
        var names = (first ?? predecessor)?.routeNames ?? []
        var numbers: [ObjectIdentifier: Int] = [:]
        for route in configuration.routes {
            let number = names.firstIndex { $0.utf8.elementsEqual(route.name.utf8) } ?? names.count
            if number == names.count { names.append(route.name) }
            numbers[ObjectIdentifier(route)] = number
        }
        self.routeNames = names
        self.routeNumbers = numbers
        self.authorities = Set(configuration.routes.map(\.authority)).union([configuration.server.publicURL.authority])
    }

    /// A copy for one worker. What is counted, limited or kept for all of them stays shared.
    package init(copying other: Settings) {
        let copies = Route.copies(of: other.configuration.routes)
        var configuration = other.configuration
        configuration.routes = configuration.routes.compactMap { copies[ObjectIdentifier($0)] }
        self.configuration = configuration
        self.providers = other.providers
        self.party = other.party
        self.partyName = other.partyName
        self.routes = other.routes.with(copies)
        self.keys = other.keys
        self.assertionKeys = other.assertionKeys
        self.cookieNames = other.cookieNames
        self.cookiesAreSecure = other.cookiesAreSecure
        let fields = FrontFields(configuration.routes)
        self.reservedNames = ReservedNames(adding: fields.reserved)
        self.namesRemovedByFronts = ReservedNames(exactly: fields.removed)
        self.resources = other.resources
        self.credentials = other.credentials
        self.endpoints = EndpointTable(configuration.paths, givesTokens: !configuration.session.tokens.isNone)
        self.checks = CheckPaths(configuration.paths)
        self.renewalRules = other.renewalRules
        self.upstreamContexts = other.upstreamContexts
        self.connectionLimits = other.connectionLimits
        self.signInLimit = other.signInLimit
        self.strictTransport = other.strictTransport
        self.authorities = other.authorities
        let numbers = copies.map { (ObjectIdentifier($1), other.routeNumbers[$0] ?? -1) }
        self.routeNumbers = Dictionary(uniqueKeysWithValues: numbers)
        self.routeNames = other.routeNames
    }

    /// Those for each provider, the first one first. A key that is not configured is the predecessor's.
    package static func all(
        _ configuration: Configuration,
        succeeding predecessor: Settings? = nil
    ) throws -> [Settings] {
        var configuration = configuration
        // All of them share it.
        if configuration.session.keys.isEmpty {
            configuration.session.keys = predecessor?.configuration.session.keys ?? [SealingKey.generate()]
        }
        let first = try Settings(configuration, succeeding: predecessor)
        let others = try configuration.moreProviders.indices.map { index in
            try Settings(configuration, party: index + 1, beside: first)
        }
        return [first] + others
    }

    /// The route's number, for counters.
    package func number(of route: Route) -> Int {
        self.routeNumbers[ObjectIdentifier(route)] ?? -1
    }

    var scheme: Scheme { self.configuration.server.publicURL.scheme }

    package func serves(_ authority: Authority) -> Bool {
        self.authorities.contains(authority)
    }

    /// The routes of a host; `nil` for one that we do not serve.
    func routes(of authority: Authority) -> HostRoutes? {
        self.routes.routes(of: authority) ?? (self.serves(authority) ? HostRoutes.empty : nil)
    }

    /// The authority we serve on this host at https, whatever the port of the request was.
    func secureAuthority(ofHost host: String) -> Authority? {
        let authorities = self.authorities.filter { $0.host.utf8.elementsEqual(host.utf8) }
        let publicOne = self.configuration.server.publicURL.authority
        return authorities.contains(publicOne) ? publicOne : authorities.min { ($0.port ?? 0) < ($1.port ?? 0) }
    }

    /// What this provider's sessions on a host are sealed for.
    func sessions(of authority: Authority) -> Authority {
        authority.with(provider: self.partyName)
    }

    /// Whether a session is from the provider whose sessions those of its authority are now, and for our client there. The
    /// first provider's are known by no name, and a name may have stood for another one before.
    func knows(_ session: Session) -> Bool {
        let name = Authority.provider(in: session.authority)
        let others = self.providers.indices.dropFirst()
        let place = name.isEmpty ? 0 : others.first { self.providers[$0].name.isExactly(name) }
        guard let place, session.identity.issuer.isExactly(self.providers[place].issuer) else { return false }
        guard let audience = session.parsedClaims["aud"] else { return true }
        let named = audience.arrayValue ?? [audience]
        return named.contains { $0.stringValue?.isExactly(self.providers[place].client.id) ?? false }
    }

    /// The provider of a host's own page, for what no route says otherwise.
    func defaultParty(for authority: Authority) -> Int {
        let route = (try? RequestTarget("/")).flatMap { try? self.routes.route(for: authority, "GET", $0) }
        return route?.provider ?? self.configuration.routes.first { $0.authority == authority }?.provider ?? 0
    }

    /// Scheme and host, as browsers write an origin.
    func origin(of authority: Authority) -> String {
        "\(self.scheme.rawValue)://\(authority.text)"
    }

    /// Where a sign-in with this provider begins, for who cannot be redirected.
    func signInURL(for authority: Authority) -> String {
        let query = self.partyName.isEmpty ? "" : "?provider=\(self.partyName)"
        return self.origin(of: authority) + self.configuration.paths.signIn + query
    }

    /// Our redirect URI for the host a sign-in started on.
    func redirectURI(for authority: Authority) -> String {
        self.origin(of: authority) + self.configuration.paths.callback
    }
}
