private import JSON

/// What the token endpoint gave us (RFC 6749 section 5.1, OpenID Connect Core section 3.1.3.3).
package struct Tokens: Sendable, Equatable {
    /// Printable ASCII, so that it can stand in a header field.
    package let accessToken: String
    /// Always some spelling of `Bearer`.
    package let tokenType: String
    /// Not judged yet: take it apart and validate it.
    package let idToken: String?
    /// Printable ASCII; absent when none was granted. Logto repeats the old one when it did not rotate it.
    package let refreshToken: String?
    /// Lifetime of the access token in seconds, never negative; `nil` when the OP did not say, or not in a number.
    package let expiresIn: Int64?
    /// The scopes granted, separated by spaces; `nil` when they are those asked for.
    package let scope: String?
}

extension Tokens: CustomStringConvertible, CustomDebugStringConvertible {
    /// Tokens never print.
    package var description: String { "(tokens)" }
    /// As `description`.
    package var debugDescription: String { description }
}

/// What the OP answered at the token endpoint, in the three ways that matter to a session.
package enum TokenResponse: Sendable, Equatable {
    /// It worked.
    case tokens(Tokens)
    /// The OP understood and said no: an error code of RFC 6749 section 5.2 and perhaps a sentence. A refused refresh
    /// token is gone for good.
    case refused(code: String, description: String?)
    /// Anything else: overload, an outage, a proxy's error page, an answer that makes no sense. It says nothing about
    /// the session; try again later.
    case temporary

    /// Reads an answer. Only status 400, 401 or 403 with a JSON object that has an `error` is a refusal.
    package static func parse(status: Int, body: [UInt8]) -> TokenResponse {
        guard let json = try? JSON.parse(body), json.objectValue != nil else { return .temporary }
        switch status {
        case 200:
            return tokens(in: json).map(TokenResponse.tokens) ?? .temporary
        case 400, 401, 403:
            guard let code = json["error"]?.stringValue, OAuthError.isCode(code) else { return .temporary }
            let description = json["error_description"]?.stringValue
            return .refused(code: code, description: description.map(OAuthError.cleaned))
        default:
            return .temporary
        }
    }

    private static func tokens(in json: JSON) -> Tokens? {
        guard
            let accessToken = json["access_token"]?.stringValue, accessToken.isVisibleASCII,
            // Some other type would have rules of its own that we do not know (RFC 6749 section 7.1).
            let tokenType = json["token_type"]?.stringValue, tokenType.lowercased().isExactly("bearer"),
            let idToken = optionalToken(json["id_token"]),
            let refreshToken = optionalToken(json["refresh_token"])
        else { return nil }
        let expiresIn = json["expires_in"]?.integerValue.flatMap { $0 < 0 ? nil : $0 }
        return Tokens(
            accessToken: accessToken,
            tokenType: tokenType,
            idToken: idToken,
            refreshToken: refreshToken,
            expiresIn: expiresIn,
            scope: json["scope"]?.stringValue
        )
    }

    /// `.some(nil)` when absent or null, `nil` when present and unusable.
    private static func optionalToken(_ value: JSON?) -> String?? {
        guard let value, value != .null else { return .some(nil) }
        guard let text = value.stringValue, text.isVisibleASCII else { return nil }
        return .some(text)
    }
}

/// The `error` and `error_description` of OAuth 2.0, wherever they arrive.
enum OAuthError {
    /// Whether `text` can be an error code: printable ASCII without `"` and `\` (RFC 6749 appendix A.7), at most 128
    /// bytes.
    static func isCode(_ text: String) -> Bool {
        text.utf8.count <= 128 && Client.isScope(text)
    }

    /// A description for a page or a log. Part of it can be a stranger's: it is text, not markup.
    static func cleaned(_ description: String) -> String {
        description.cleaned(limit: 500)
    }
}
