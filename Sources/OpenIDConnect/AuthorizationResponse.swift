private import Cryptography

/// What the browser brought back to the callback (RFC 6749 section 4.1.2, RFC 9207).
package enum AuthorizationResponse: Sendable, Equatable {
    /// A code to redeem, once. Printable ASCII, at most 4,096 bytes.
    case code(String)
    /// The OP said no, in its error code and perhaps a sentence. Both are text, not markup.
    case refused(error: String, description: String?)

    /// The `state` of a callback's query (without its `?`), to find the transaction it belongs to. Nothing is
    /// believed yet.
    ///
    /// `nil` when there is none, more than one, an empty one, or the query is not form-encoded.
    package static func state(in query: [UInt8]) -> [UInt8]? {
        guard let fields = FormEncoding.decode(query) else { return nil }
        guard let state = try? single("state", in: fields), !state.isEmpty else { return nil }
        return state
    }

    /// Judges a callback's query: `state` before anything else, then `iss`, then error or code.
    ///
    /// - Parameters:
    ///   - query: What follows the `?`.
    ///   - expectedState: The state of the transaction in this browser's cookie.
    ///   - issuer: The OP's issuer.
    ///   - issRequired: Whether the OP promises an `iss`; where there is one it is compared in any case.
    /// - Throws: `responseMalformed`, `responseParameterRepeated`, `stateMismatch`, `responseIssuerMissing`,
    ///   `responseIssuerMismatch`, `responseWithoutCode`.
    package static func parse(
        query: [UInt8],
        expectedState: [UInt8],
        issuer: String,
        issRequired: Bool
    ) throws(OpenIDConnectError) -> AuthorizationResponse {
        guard let fields = FormEncoding.decode(query) else { throw .responseMalformed }
        guard
            let state = try single("state", in: fields), !expectedState.isEmpty,
            constantTimeEqual(state, expectedState)
        else { throw .stateMismatch }

        let code = try single("code", in: fields)
        let error = try single("error", in: fields)
        let description = try single("error_description", in: fields)
        let iss = try single("iss", in: fields)

        if let iss {
            guard iss.elementsEqual(issuer.utf8) else {
                throw .responseIssuerMismatch(found: String(decoding: iss, as: UTF8.self))
            }
        } else if issRequired {
            throw .responseIssuerMissing
        }

        switch (code, error) {
        case (let code?, nil):
            let text = String(decoding: code, as: UTF8.self)
            guard text.isVisibleASCII, code.count <= 4_096 else { throw .responseMalformed }
            return .code(text)
        case (nil, let error?):
            let text = String(decoding: error, as: UTF8.self)
            guard OAuthError.isCode(text) else { throw .responseMalformed }
            return .refused(error: text, description: description.flatMap(readable))
        case (nil, nil):
            throw .responseWithoutCode
        case (.some, .some):
            // Both at once is nothing an OP sends.
            throw .responseMalformed
        }
    }

    /// The value of a parameter that may stand there once (RFC 6749 section 3.1).
    private static func single(_ name: String, in fields: [FormField]) throws(OpenIDConnectError) -> [UInt8]? {
        var found: [UInt8]?
        for field in fields where field.name.elementsEqual(name.utf8) {
            guard found == nil else { throw .responseParameterRepeated(name) }
            found = field.value
        }
        return found
    }

    private static func readable(_ bytes: [UInt8]) -> String? {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let cleaned = OAuthError.cleaned(text)
        return cleaned.isEmpty ? nil : cleaned
    }
}
