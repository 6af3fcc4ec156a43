import Access
package import ArgumentParser
import FoundationEssentials
package import Gateway
package import JSON
package import OpenIDConnect

/// Says what would become of a request, and why. Nothing is connected.
package struct Explain: ParsableCommand {
    package static let configuration = CommandConfiguration(
        abstract: "Say which route a request takes, what it requires, and whether somebody would pass.",
        discussion: """
            Judges as serve does, with the claims that are given instead of a session. Without --as and --claims it is \
            a stranger who asks.
            """
    )

    @OptionGroup package var option: ConfigurationOption
    @Option(help: ArgumentHelp("The address asked for, as a browser has it.", valueName: "url"))
    package var url: String
    @Option(help: ArgumentHelp("The method.", valueName: "method"))
    package var method = "GET"
    @Option(
        name: .customLong("as"),
        help: ArgumentHelp("Somebody with this subject and no other claim.", valueName: "sub")
    )
    package var subject: String?
    @Option(help: ArgumentHelp("A JSON file with the claims of who asks.", valueName: "file"))
    package var claims: String?
    @Option(
        help: ArgumentHelp("The scopes granted, and what every API permits, separated by spaces.", valueName: "scope")
    )
    package var scope: String?
    @Option(help: ArgumentHelp("The address of who asks, for network.", valueName: "ip"))
    package var address = "127.0.0.1"

    package init() {}

    package func validate() throws {
        guard self.subject == nil || self.claims == nil else {
            throw ValidationError("Give --as or --claims, not both.")
        }
        guard IPAddress(self.address) != nil else { throw ValidationError("--address is no IP address.") }
    }

    package func run() throws {
        let configuration = try self.option.read()
        let claims = try self.callerClaims()
        let now = Instant(seconds: Int64(Date().timeIntervalSince1970))
        let lines = try self.lines(configuration, claims: claims, now: now)
        print(lines.joined(separator: "\n"))
    }

    /// `nil` for a stranger.
    private func callerClaims() throws -> JSON? {
        if let subject { return .object([JSONMember(name: "sub", value: .string(subject))]) }
        guard let file = self.claims else { return nil }
        let bytes: [UInt8]
        do {
            bytes = try TextFile.bytes(of: file)
        } catch {
            throw ValidationError("\(file): this file \(error.rawValue)")
        }
        guard let claims = try? JSON.parse(bytes), Identity(claims: claims, issuer: "") != nil else {
            throw ValidationError("\(file): this is no JSON object with a text as \"sub\"")
        }
        return claims
    }

    /// What each of the requirement's APIs permits: what --scope says.
    private func permissions(of requirement: Requirement) -> [UpstreamToken: String] {
        guard let scope else { return [:] }
        return Dictionary(requirement.apis.map { ($0, scope) }) { first, _ in first }
    }

    /// What is printed, line by line.
    package func lines(_ configuration: Configuration, claims: JSON?, now: Instant) throws -> [String] {
        let settings = try Settings(configuration)
        let target: RequestTarget
        let authority: Authority
        do {
            let parts = try RequestTarget.split(absolute: self.url)
            authority = parts.authority
            target = try RequestTarget(parts.target)
        } catch {
            return ["decision  refused, 400: \(error)"]
        }
        var lines = ["request   \(self.method) \(self.url)"]
        guard settings.serves(authority) else {
            return lines + ["decision  refused, 421: no route is for the host \(authority)"]
        }
        if settings.endpoints.endpoint(for: target) != nil {
            return lines + ["decision  ours: an endpoint of the gateway, never forwarded"]
        }
        let found: Route?
        do {
            found = try settings.routes.route(for: authority, self.method, target)
        } catch {
            return lines + ["decision  refused: \(error)"]
        }
        guard let route = found else { return lines + ["decision  refused, 404: no route covers this path"] }
        let methods = route.methods.isEmpty ? "" : ", methods \(route.methods.joined(separator: " "))"
        lines.append("route     \(route.name): \(route.authority.text)\(route.path)\(methods)")
        lines.append("access    \(route.policy.access.rawValue)\(route.policy.mode == .shadow ? ", shadow mode" : "")")
        if route.policy.access(to: target) != route.policy.access {
            lines.append("pages     none of page_rules is found in this path: it is for anyone")
        }
        let session = claims.flatMap { self.session($0, route.sessionAuthority, now) }
        lines.append("caller    \(session?.identity.subject ?? "nobody is signed in") from \(self.address)")
        if let requirement = route.policy.requirement {
            let explained = requirement.explained(
                for: claims ?? .object([]),
                scope: self.scope,
                permissions: self.permissions(of: requirement),
                from: self.address
            )
            lines += explained.map { "requires  \($0)" }
            lines += Self.lines(for: requirement.stepUp)
        }
        let request = AccessRequest(
            method: self.method,
            scheme: settings.configuration.server.publicURL.scheme,
            authority: authority,
            target: target,
            isNavigation: true,
            clientAddress: self.address
        )
        let permissions = route.policy.requirement.map { self.permissions(of: $0) } ?? [:]
        let grants = session.map { Grants($0, configuration.requirements, permissions: permissions) }
        return lines + [Self.line(for: route.decide(request, grants, now: now))]
    }

    private func session(_ claims: JSON, _ authority: Authority, _ now: Instant) -> Session? {
        guard let identity = Identity(claims: claims, issuer: "") else { return nil }
        return Session(
            identity: identity,
            claims: claims.bytes,
            idToken: "",
            accessToken: nil,
            accessTokenExpiresAt: nil,
            refreshToken: nil,
            scope: self.scope,
            providerSessionID: nil,
            authority: authority.text,
            createdAt: now,
            expiresAt: now.advanced(by: .seconds(3600))
        )
    }

    private static func lines(for stepUp: StepUp) -> [String] {
        var lines: [String] = []
        if !stepUp.classes.isEmpty { lines.append("requires  acr is one of \(stepUp.classes.joined(separator: ", "))") }
        if let age = stepUp.maximumAge { lines.append("requires  signed in within the last \(Quantity.text(age))") }
        return lines
    }

    private static func line(for decision: Decision) -> String {
        switch decision {
        case .permit(let permit):
            let overlooked = permit.overlooked.map { "; would be denied: \($0)" } ?? ""
            return "decision  permit\(permit.session == nil ? ", without identity" : "")\(overlooked)"
        case .challenge: return "decision  challenge: sign in first"
        case .stepUp: return "decision  challenge: sign in again, as the route requires"
        case .deny(_, let denial): return "decision  deny, 403: \(denial)"
        }
    }
}
