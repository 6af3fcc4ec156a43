package import Cryptography
private import JSON

/// The OP as its discovery document describes it (OpenID Connect Discovery 1.0 section 3, RFC 8414).
package struct Provider: Sendable, Equatable {
    /// Compared byte for byte with every `iss`.
    package let issuer: String
    /// Where browsers sign in.
    package private(set) var authorizationEndpoint: String
    /// Where browsers sign out.
    package private(set) var endSessionEndpoint: String?
    /// Where codes and refresh tokens are redeemed.
    package private(set) var tokenEndpoint: String
    /// Where the OP's keys are.
    package private(set) var jwksURI: String
    /// Where an access token buys the end-user's claims.
    package private(set) var userinfoEndpoint: String?
    /// Where tokens are ended (RFC 7009).
    package private(set) var revocationEndpoint: String?
    /// Where opaque tokens are asked about (RFC 7662).
    package private(set) var introspectionEndpoint: String?
    /// What the OP may sign ID tokens with and we can verify, in the OP's order; never empty.
    package let idTokenSigningAlgorithms: [SignatureAlgorithm]
    /// Whether each authorization response has an `iss` (RFC 9207 section 3).
    package let issParameterSupported: Bool

    /// Reads a discovery document.
    ///
    /// - Parameters:
    ///   - bytes: The document.
    ///   - issuer: The issuer we asked for; the document must name the very same bytes (Discovery section 4.3).
    /// - Throws: `discoveryMalformed`, `discoveryIssuerMismatch`, `discoveryMemberMissing`, `endpointNotUsable`,
    ///   `noUsableAlgorithm`.
    package init(discovery bytes: [UInt8], issuer: String) throws(OpenIDConnectError) {
        guard let json = try? JSON.parse(bytes), json.objectValue != nil else { throw .discoveryMalformed }
        guard let found = json["issuer"]?.stringValue else { throw .discoveryMemberMissing("issuer") }
        guard found.isExactly(issuer) else { throw .discoveryIssuerMismatch(expected: issuer, found: found) }
        self.issuer = issuer
        authorizationEndpoint = try Self.requiredEndpoint("authorization_endpoint", in: json)
        tokenEndpoint = try Self.requiredEndpoint("token_endpoint", in: json)
        jwksURI = try Self.requiredEndpoint("jwks_uri", in: json)
        userinfoEndpoint = try Self.endpoint("userinfo_endpoint", in: json)
        endSessionEndpoint = try Self.endpoint("end_session_endpoint", in: json)
        revocationEndpoint = try Self.endpoint("revocation_endpoint", in: json)
        introspectionEndpoint = try Self.endpoint("introspection_endpoint", in: json)
        idTokenSigningAlgorithms = try Self.algorithms(in: json)
        issParameterSupported = json["authorization_response_iss_parameter_supported"]?.boolValue == true
    }

    /// Where the discovery document is (Discovery section 4), fetched from `backChannel` instead of the issuer's own
    /// origin when one is given.
    ///
    /// - Throws: `endpointNotUsable` when the issuer or the base is no URL as we need it.
    package static func discoveryURL(issuer: String, backChannel: String? = nil) throws(OpenIDConnectError) -> String {
        guard var url = EndpointURL(issuer), !url.hasQuery else {
            throw .endpointNotUsable(member: "issuer", url: issuer)
        }
        if let base = try base(backChannel, "back_channel_url") { url = url.moved(to: base) }
        var text = url.text
        // "Any terminating / MUST be removed before appending" (section 4.1).
        if text.utf8.last == UInt8(ascii: "/") { text.removeLast() }
        return text + "/.well-known/openid-configuration"
    }

    /// The same OP, reached by other names: browsers at `frontChannel`, we ourselves at `backChannel`.
    ///
    /// Each is a scheme and authority, as in `http://logto:3001`. Logto writes its endpoints with the host of the
    /// request for the discovery document, so that a document fetched from inside a cluster names inside hosts to
    /// browsers too. That is undone: without `frontChannel`, a browser's endpoint at the origin of `backChannel`
    /// moves to the issuer's origin.
    ///
    /// - Throws: `endpointNotUsable` when a base is more or less than scheme and authority.
    package func rebased(frontChannel: String?, backChannel: String?) throws(OpenIDConnectError) -> Provider {
        let front = try Self.base(frontChannel, "browser_url")
        let back = try Self.base(backChannel, "back_channel_url")
        let own = EndpointURL(issuer)
        func browsers(_ text: String) -> String {
            guard let url = EndpointURL(text) else { return text }
            if let front { return url.moved(to: front).text }
            guard let back, let own, url.origin.isExactly(back.origin) else { return text }
            return url.moved(to: own).text
        }
        func ours(_ text: String) -> String {
            guard let back, let url = EndpointURL(text) else { return text }
            return url.moved(to: back).text
        }
        var provider = self
        provider.authorizationEndpoint = browsers(authorizationEndpoint)
        provider.endSessionEndpoint = endSessionEndpoint.map(browsers)
        provider.tokenEndpoint = ours(tokenEndpoint)
        provider.jwksURI = ours(jwksURI)
        provider.userinfoEndpoint = userinfoEndpoint.map(ours)
        provider.revocationEndpoint = revocationEndpoint.map(ours)
        provider.introspectionEndpoint = introspectionEndpoint.map(ours)
        return provider
    }

    /// Endpoints that would carry secrets or tokens unencrypted off this machine, as `token_endpoint http://…`: plain
    /// `http` to a host that is not loopback. Empty is good.
    package var plainHTTPEndpoints: [String] {
        let endpoints = [
            ("authorization_endpoint", authorizationEndpoint), ("token_endpoint", tokenEndpoint), ("jwks_uri", jwksURI),
            ("userinfo_endpoint", userinfoEndpoint), ("end_session_endpoint", endSessionEndpoint),
            ("revocation_endpoint", revocationEndpoint), ("introspection_endpoint", introspectionEndpoint),
        ]
        return endpoints.compactMap { member, text in
            guard let text, let url = EndpointURL(text), !url.isTLS, !url.isLoopback else { return nil }
            return member + " " + text
        }
    }

    private static func base(_ text: String?, _ member: String) throws(OpenIDConnectError) -> EndpointURL? {
        guard let text else { return nil }
        guard let url = EndpointURL(text), url.isOriginOnly else { throw .endpointNotUsable(member: member, url: text) }
        return url
    }

    private static func requiredEndpoint(_ member: String, in json: JSON) throws(OpenIDConnectError) -> String {
        guard let text = try endpoint(member, in: json) else { throw .discoveryMemberMissing(member) }
        return text
    }

    private static func endpoint(_ member: String, in json: JSON) throws(OpenIDConnectError) -> String? {
        guard let value = json[member], value != .null else { return nil }
        guard let text = value.stringValue, let url = EndpointURL(text) else {
            throw .endpointNotUsable(member: member, url: value.stringValue ?? "")
        }
        return url.text
    }

    private static func algorithms(in json: JSON) throws(OpenIDConnectError) -> [SignatureAlgorithm] {
        guard let value = json["id_token_signing_alg_values_supported"], value != .null else {
            // What every OP must support (Core section 15.1).
            return [.RS256]
        }
        let offered = (value.arrayValue ?? []).compactMap(\.stringValue)
        var usable: [SignatureAlgorithm] = []
        for name in offered {
            guard let algorithm = SignatureAlgorithm(name.utf8), !usable.contains(algorithm) else { continue }
            usable.append(algorithm)
        }
        guard !usable.isEmpty else { throw .noUsableAlgorithm(offered: offered) }
        return usable
    }
}
