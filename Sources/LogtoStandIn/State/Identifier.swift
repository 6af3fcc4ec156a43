import Cryptography

/// Makes names as Logto makes them: only lengths and alphabets are its own, the bytes are random.
enum Identifier {
    /// 43 base64url characters: codes, opaque tokens, refresh tokens, interactions, sessions.
    static func token() -> String {
        Base64URL.encode(Random.bytes(32))
    }

    /// 12 lower-case letters and digits: users, organizations.
    static func user() -> String {
        lowerCase(12)
    }

    /// 21 lower-case letters and digits: applications, requests.
    static func client() -> String {
        lowerCase(21)
    }

    private static func lowerCase(_ count: Int) -> String {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789".utf8)
        return String(decoding: Random.bytes(count).map { alphabet[Int($0) % alphabet.count] }, as: UTF8.self)
    }
}
