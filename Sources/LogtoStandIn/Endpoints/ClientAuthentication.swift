import Cryptography
import JSON

/// Who calls the token, introspection or revocation endpoint (specification 1.6).
enum ClientAuthentication {
    /// The client that these credentials prove.
    static func client(_ request: Request, _ form: Form, _ state: StandInState) throws(OAuthError) -> Client {
        let basic = try basicCredentials(request)
        if let basic, let id = form["client_id"], !basic.names.contains(where: { sameBytes($0, id) }) {
            throw .invalidRequest("mismatch in body and authorization client ids")
        }
        if basic != nil, form["client_secret"] != nil {
            throw .invalidRequest("client authentication must only be provided using one mechanism")
        }
        let names = basic?.names ?? form["client_id"].map { [$0] } ?? []
        guard let name = names.first else { throw .invalidRequest("no client authentication mechanism provided") }
        guard let client = names.lazy.compactMap({ state.clients[$0] }).first else {
            // Logto's adapter throws where panva's provider would answer 401.
            throw OAuthError("invalid_client", "invalid client \(name)")
        }
        let secrets = basic?.secrets ?? form["client_secret"].map { [$0] } ?? []
        try check(secrets, of: client, state)
        try checkOrigin(request, client, state)
        return client
    }

    private static func check(_ offered: [String], of client: Client, _ state: StandInState) throws(OAuthError) {
        guard client.isConfidential else {
            if offered.isEmpty { return }
            throw refusal(state)
        }
        let match = client.secrets.first { secret in
            offered.contains { constantTimeEqual(Array($0.utf8), Array(secret.value.utf8)) }
        }
        guard let match else { throw refusal(state) }
        if let expiry = match.expiresAt, expiry <= state.now { throw .invalidRequest("client secret has expired") }
    }

    private static func refusal(_ state: StandInState) -> OAuthError {
        let detail = "client authentication failed"
        var error = OAuthError("invalid_client", detail, status: 401)
        error.wwwAuthenticate =
            "Basic realm=\"\(state.issuer)\", error=\"invalid_client\", error_description=\"\(detail)\""
        return error
    }

    /// Names and secrets a Basic field may mean: form-encoded as RFC 6749 section 2.3.1 says, or raw as Logto's SDK.
    private static func basicCredentials(
        _ request: Request
    ) throws(OAuthError) -> (names: [String], secrets: [String])? {
        guard let field = request.header("authorization") else { return nil }
        let malformed = OAuthError.invalidRequest("invalid authorization header value format")
        let parts = field.split(separator: " ")
        guard parts.count == 2, parts[0].lowercased() == "basic" else { throw malformed }
        guard let bytes = base64(String(parts[1])), let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else {
            throw malformed
        }
        return (readings(of: bytes[..<colon]), readings(of: bytes[(colon + 1)...]))
    }

    private static func readings(of bytes: ArraySlice<UInt8>) -> [String] {
        [Form.decode(bytes), String(decoding: bytes, as: UTF8.self)]
    }

    /// Standard Base64, padded or not.
    private static func base64(_ text: String) -> [UInt8]? {
        let urlSafe = text.utf8.compactMap { byte -> UInt8? in
            switch byte {
            case UInt8(ascii: "+"): UInt8(ascii: "-")
            case UInt8(ascii: "/"): UInt8(ascii: "_")
            case UInt8(ascii: "="): nil
            default: byte
            }
        }
        return Base64URL.decode(urlSafe)
    }

    /// A call with a browser's `Origin` is refused unless it is the client's own (specification 1.5).
    static func checkOrigin(_ request: Request, _ client: Client, _ state: StandInState) throws(OAuthError) {
        guard let origin = request.header("origin"), !sameBytes(origin, state.endpoint) else { return }
        let origins = client.redirectURIs.compactMap { WebAddress($0)?.origin }
        if origins.contains(where: { sameBytes($0, origin) }) { return }
        throw .invalidRequest("origin \(origin) not allowed for client: \(client.id)")
    }
}
