import Cryptography
import JSON
import NIOHTTP1

/// The OP's cookies (specification 1.5). Each comes with a second one, `<name>.sig`, without which it does not count.
struct Cookies: Sendable {
    /// What the browser has: as it came, and as this answer changes it.
    private var present: [(name: String, value: String)] = []
    private let key: [UInt8]
    /// `Set-Cookie` fields for the answer.
    private(set) var fields: [String] = []
    private let isSecure: Bool

    init(_ request: Request, _ state: StandInState) {
        key = state.cookieKey
        isSecure = state.base(of: request).hasPrefix("https:")
        for field in request.headers["cookie"] {
            for pair in field.split(separator: ";") {
                let trimmed = pair.drop { $0 == " " }
                let name = trimmed.prefix { $0 != "=" }
                present.append((String(name), String(trimmed.dropFirst(name.count + 1))))
            }
        }
    }

    /// The value of a signed cookie; the first one whose signature holds.
    subscript(_ name: String) -> String? {
        let signatures = present.filter { sameBytes($0.name, name + ".sig") }.map(\.value)
        return present.first { cookie in
            sameBytes(cookie.name, name)
                && signatures.contains { sameBytes($0, signature(of: name, cookie.value)) }
        }?.value
    }

    /// Sets a signed cookie.
    mutating func set(_ name: String, _ value: String, path: String = "/", expiresAt: Int64) {
        let signature = signature(of: name, value)
        // From here on it counts as received: the rest of this very request is to see it.
        present.removeAll { sameBytes($0.name, name) || sameBytes($0.name, name + ".sig") }
        present += [(name, value), (name + ".sig", signature)]
        let attributes = "; path=\(path); expires=\(Clock.httpDate(expiresAt)); samesite=lax\(secure); httponly"
        fields.append("\(name)=\(value)\(attributes)")
        fields.append("\(name).sig=\(signature)\(attributes)")
    }

    /// Takes a cookie back.
    mutating func remove(_ name: String, path: String = "/") {
        set(name, "", path: path, expiresAt: 0)
    }

    /// Logto's readable cookie with what the pages need to know.
    mutating func setExtras(_ members: [JSONMember]) {
        let text = String(decoding: JSON.object(members).bytes, as: UTF8.self)
        let isPlain = text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ";") }
        fields.append("_logto=\(isPlain ? text : Cookies.percentEncoded(text)); path=/; samesite=lax\(secure)")
    }

    private var secure: String { isSecure ? "; secure" : "" }

    private func signature(of name: String, _ value: String) -> String {
        String(Base64URL.encode(Digest.hmacSHA256(Array("\(name)=\(value)".utf8), key: key)).prefix(27))
    }

    /// As JavaScript's `encodeURIComponent`, more or less.
    static func percentEncoded(_ text: String) -> String {
        var form = Form.encode(text)
        form.replace("+", with: "%20")
        return form
    }
}

extension Cookies {
    /// The interactions this browser has open, by client.
    func interactions() -> [JSONMember] {
        guard let value = self["_interaction"] else { return [] }
        let bytes = Form.decodedBytes(Array(value.utf8), plusIsSpace: false)
        return (try? JSON.parse(bytes))?.objectValue ?? []
    }

    /// Remembers an interaction as the client's latest; at most ten clients are kept.
    mutating func add(_ interaction: Interaction) {
        let uid = JSON.string(interaction.uid)
        let id = interaction.request.clientID
        var map = interactions().filter { !sameBytes($0.name, id) && $0.name != "_legacy" }.suffix(9)
        map.append(JSONMember(name: id, value: uid))
        map.append(JSONMember(name: "_legacy", value: uid))
        let text = String(decoding: JSON.object(Array(map)).bytes, as: UTF8.self)
        set("_interaction", Cookies.percentEncoded(text), expiresAt: interaction.expiresAt)
        set(
            "_interaction_resume",
            interaction.uid,
            path: "/oidc/auth/\(interaction.uid)",
            expiresAt: interaction.expiresAt
        )
    }

    /// The interaction a page belongs to: the client's when it is named, otherwise the latest.
    func interaction(of clientID: String?) -> String? {
        let map = interactions()
        let name = clientID ?? "_legacy"
        return map.first { sameBytes($0.name, name) }?.value.stringValue
    }

    /// Adds the `Set-Cookie` fields to an answer.
    func onto(_ response: Response) -> Response {
        var response = response
        for field in fields { response.headers.add(name: "Set-Cookie", value: field) }
        return response
    }
}
